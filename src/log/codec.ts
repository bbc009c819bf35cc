/**
 * Values in and out of the record: JSON, and what JSON cannot carry.
 *
 * V1. What comes out equals what went in for JSON values, Date, Map, Set, BigInt, URL, Uint8Array, undefined, Error, NaN,
 *     infinities and -0. Instances of other classes come out as plain objects of their own properties (or of their toJSON).
 * V2. Functions, symbols and cycles are refused with the path to them: nothing is dropped in silence.
 * V3. A tagged value is {"$": tag, "v": …}; a plain object that has a "$" of its own is tagged too, so no input can pose as a tag.
 */
import { ThroughlineError } from '../errors.ts'
import { NotSerializable } from './errors.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type ErrorClass = abstract new (...args: never[]) => Error

const BUILT_IN: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError].map((c) => [c.name, c]),
)

/** A value as text for the record. @throws {NotSerializable} with the path of what cannot be carried */
export function encode(value: unknown): string {
  try {
    return JSON.stringify(isPlain(value, 0) ? value : pack(value, '$', new Set()))
  } catch (error) {
    if (error instanceof RangeError) throw new NotSerializable('$', 'nested too deeply')
    throw error
  }
}

/** The value that `encode` was given. `errors` are further error classes to restore, by name. */
export function decode(text: string | undefined, errors?: ReadonlyMap<string, ErrorClass>): unknown {
  if (text === undefined) return undefined
  const json: unknown = JSON.parse(text)
  return text.includes('"$":') ? unpack(json, errors ?? BUILT_IN) : json
}

/** Whether JSON.stringify alone would carry the value whole: the common case, decided without building anything. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (depth > 40) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1)) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$' || key === 'toJSON' || key === '__proto__' || !isPlain(inner, depth + 1)) return false
  }
  return true
}

const tag = (name: string, v: Json): Json => ({ $: name, v })

function pack(value: unknown, path: string, above: Set<object>): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tag('Number', Object.is(value, -0) ? '-0' : String(value))
    case 'undefined':
      return tag('undefined', null)
    case 'bigint':
      return tag('BigInt', value.toString())
    case 'function':
      throw new NotSerializable(path, 'a function')
    case 'symbol':
      throw new NotSerializable(path, 'a symbol')
    case 'object':
      if (value === null) return null
  }
  if (above.has(value)) throw new NotSerializable(path, 'a cycle')
  above.add(value)
  const packed = packObject(value, path, above)
  above.delete(value)
  return packed
}

function packObject(value: object, path: string, above: Set<object>): Json {
  if (Array.isArray(value)) return Array.from(value, (inner, i) => pack(inner, `${path}[${i}]`, above))
  if (value instanceof Date) return tag('Date', Number.isNaN(value.getTime()) ? null : value.getTime())
  if (value instanceof Map) {
    return tag(
      'Map',
      Array.from(value, ([k, v], i) => [
        pack(k, `${path}.key(${i})`, above),
        pack(v, `${path}.get(${i})`, above),
      ]),
    )
  }
  if (value instanceof Set)
    return tag(
      'Set',
      Array.from(value, (v, i) => pack(v, `${path}.item(${i})`, above)),
    )
  if (value instanceof URL) return tag('URL', value.href)
  if (value instanceof Uint8Array)
    return tag('Bytes', Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'))
  if (value instanceof Error) return packError(value, path, above)
  if (value instanceof Promise) throw new NotSerializable(path, 'a promise (await it)')
  if (value instanceof WeakMap || value instanceof WeakSet)
    throw new NotSerializable(path, 'a weak collection')
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return pack((value.toJSON as () => unknown)(), path, above)
  const fields = packFields(value, path, above)
  return '$' in fields ? tag('$', fields) : fields
}

function packFields(
  value: object,
  path: string,
  above: Set<object>,
  without: readonly string[] = [],
): Record<string, Json> {
  const fields: Record<string, Json> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (without.includes(key)) continue
    // Defined, not assigned: a key named __proto__ must stay a key.
    Object.defineProperty(fields, key, {
      value: pack(inner, `${path}.${key}`, above),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return fields
}

function packError(error: Error, path: string, above: Set<object>): Json {
  return tag('Error', {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: packOrDescribe(error.cause, `${path}.cause`, above) }),
    ...(error instanceof AggregateError
      ? { errors: error.errors.map((e: unknown, i) => packOrDescribe(e, `${path}.errors[${i}]`, above)) }
      : {}),
    fields: packOrDescribeFields(error, path, above),
  })
}

/** Errors carry anything (sockets, requests); what cannot be recorded of one must not hide the error itself. */
function packOrDescribe(value: unknown, path: string, above: Set<object>): Json {
  try {
    return pack(value, path, above)
  } catch (error) {
    if (error instanceof NotSerializable || error instanceof RangeError) return `(${String(error.message)})`
    throw error
  }
}

function packOrDescribeFields(error: Error, path: string, above: Set<object>): Record<string, Json> {
  const fields: Record<string, Json> = {}
  for (const [key, inner] of Object.entries(error)) {
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'cause') continue
    fields[key] = packOrDescribe(inner, `${path}.${key}`, above)
  }
  return fields
}

function unpack(json: unknown, errors: ReadonlyMap<string, ErrorClass>): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map((inner) => unpack(inner, errors))
  const value = json as Record<string, unknown>
  if (typeof value['$'] === 'string' && 'v' in value) return unpackTagged(value['$'], value['v'], errors)
  return unpackFields(value, errors)
}

function unpackFields(from: object, errors: ReadonlyMap<string, ErrorClass>): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(from)) {
    Object.defineProperty(fields, key, {
      value: unpack(inner, errors),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return fields
}

function unpackTagged(name: string, v: unknown, errors: ReadonlyMap<string, ErrorClass>): unknown {
  switch (name) {
    case 'undefined':
      return undefined
    case 'Number':
      return Number(v)
    case 'BigInt':
      return BigInt(String(v))
    case 'Date':
      return new Date(v === null ? Number.NaN : Number(v))
    case 'URL':
      return new URL(String(v))
    case 'Bytes':
      return new Uint8Array(Buffer.from(String(v), 'base64'))
    case 'Set':
      return new Set(list(v).map((inner) => unpack(inner, errors)))
    case 'Map':
      return new Map(list(v).map((pair) => [unpack(list(pair)[0], errors), unpack(list(pair)[1], errors)]))
    case 'Error':
      return unpackError(v as Record<string, unknown>, errors)
    default:
      return unpackFields(v as object, errors)
  }
}

const list = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : [])

function unpackError(v: Record<string, unknown>, errors: ReadonlyMap<string, ErrorClass>): Error {
  const name = String(v['name'])
  const fields = unpackFields((v['fields'] ?? {}) as object, errors)
  const known = errors.get(name) ?? BUILT_IN.get(name)
  const prototype = known
    ? known.prototype
    : typeof fields['code'] === 'string' && 'retryable' in fields
      ? ThroughlineError.prototype
      : Error.prototype
  const error: Error =
    'errors' in v ? new AggregateError(list(v['errors']).map((e) => unpack(e, errors))) : new Error()
  if (!('errors' in v)) Object.setPrototypeOf(error, prototype as object)
  define(error, 'message', String(v['message']))
  if (error.name !== name) define(error, 'name', name)
  define(error, 'stack', typeof v['stack'] === 'string' ? v['stack'] : `${name}: ${String(v['message'])}`)
  if ('cause' in v) define(error, 'cause', unpack(v['cause'], errors))
  return Object.assign(error, fields)
}

function define(target: Error, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, configurable: true, writable: true })
}
