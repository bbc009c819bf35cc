/**
 * Secrets never on the record: what is written of a call goes through here first.
 *
 * R1. What has none in it is given back as it is, the same object; what has is copied as far as that is needed, never changed.
 * R2. Known by their look (recovery/secrets.ts), by the environment they came from, by the header they stand in, or named by whoever
 *     opens the layer. A secret that looks like a word, and comes from nowhere, is not found.
 * R3. Twice is once: what is left of a secret is none.
 */
import { standIn, withoutSecrets } from '../recovery/index.ts'

export interface RedactOptions {
  /** Where secrets may come from: variables whose names end in KEY, TOKEN, SECRET or PASSWORD; `process.env` unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Further values that must not be written down; those under 8 characters are left out. */
  readonly values?: readonly string[]
}

/** A value without secrets in it; the same value where there are none. */
export type Redact = <T>(value: T) => T

const SECRET_NAME = /(?:KEY|TOKEN|SECRET|PASSWORD)$/i
const SHORTEST = 12
const SHORTEST_GIVEN = 8
/** Headers whose values are secrets, and what such a value looks like: a field of data may have the same name. */
const HEADERS: ReadonlyMap<string, RegExp> = new Map([
  ['authorization', /^(?:basic|bearer|digest|token|apikey|aws4-\S+)\s/i],
  ['proxy-authorization', /./],
  ['x-api-key', /./],
  ['api-key', /./],
  ['x-goog-api-key', /./],
  ['cookie', /^[^\s=;]+=/],
  ['set-cookie', /./],
])
const LONGEST_HEADER = 19

/** What keeps secrets out of what is written; made once, asked often. */
export function redactor(options: RedactOptions = {}): Redact {
  const known = knownValues(options)
  const text = (given: string): string => {
    if (given.length < SHORTEST_GIVEN) return given
    const left = known ? given.replace(known.pattern, (found) => known.names.get(found) ?? found) : given
    return withoutSecrets(left)
  }
  return <T>(value: T): T => {
    const walk = new Walk(text, false)
    const left = walk.of(value)
    // Something that leads back to itself would lead back to what it was: cut there, where that matters.
    return (left !== value && walk.isCircular ? new Walk(text, true).of(value) : left) as T // every part is given back as what it was
  }
}

interface Known {
  readonly pattern: RegExp
  readonly names: ReadonlyMap<string, string>
}

/** The values to look for, in each spelling they are written in, the longest first. */
function knownValues({ environment = process.env, values = [] }: RedactOptions): Known | undefined {
  const names = new Map<string, string>()
  const add = (value: string, name: string) => {
    for (const spelling of [
      value,
      encodeURIComponent(value.toWellFormed()),
      JSON.stringify(value).slice(1, -1),
    ])
      if (!names.has(spelling)) names.set(spelling, standIn(name))
  }
  for (const value of values) if (value.length >= SHORTEST_GIVEN) add(value, 'given')
  for (const [name, value = ''] of Object.entries(environment))
    if (SECRET_NAME.test(name) && value.trim().length >= SHORTEST) add(value.trim(), name)
  if (names.size === 0) return undefined
  const longestFirst = [...names.keys()].toSorted((a, b) => b.length - a.length)
  return { pattern: new RegExp(longestFirst.map((one) => escaped(one)).join('|'), 'g'), names }
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}

type Text = (given: string) => string

/** One walk through a value; a thing that is met again is given back as what it became. */
class Walk {
  readonly #text: Text
  readonly #isCut: boolean
  readonly #became = new Map<object, unknown>()
  readonly #above = new Set<object>()
  isCircular = false

  constructor(text: Text, isCut: boolean) {
    this.#text = text
    this.#isCut = isCut
  }

  of(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value !== 'object' || value === null) return value
    if (this.#above.has(value)) {
      this.isCircular = true
      return this.#isCut ? '[circular]' : value
    }
    if (this.#became.has(value)) return this.#became.get(value)
    this.#above.add(value)
    const becomes = this.#object(value)
    this.#above.delete(value)
    this.#became.set(value, becomes)
    return becomes
  }

  #object(value: object): unknown {
    if (Array.isArray(value)) return this.#list(value)
    if (value instanceof Error) return this.#error(value)
    if (value instanceof Map) {
      const [keys, values] = [[...value.keys()], [...value.values()]]
      const [own, held] = [this.#list(keys), this.#list(values)]
      return own === keys && held === values ? value : new Map(own.map((key, i) => [key, held[i]]))
    }
    if (value instanceof Set) {
      const items = [...value]
      const left = this.#list(items)
      return left === items ? value : new Set(left)
    }
    if (value instanceof URL) {
      const href = this.#text(value.href)
      return href === value.href ? value : href
    }
    if (ArrayBuffer.isView(value) || value instanceof Date || value instanceof RegExp) return value
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const json: unknown = value.toJSON()
      const left = this.of(json)
      return left === json ? value : left
    }
    const fields = this.#fields(value)
    return fields === undefined ? value : Object.defineProperties({}, fields)
  }

  #list(list: readonly unknown[]): readonly unknown[] {
    let copy: unknown[] | undefined
    for (let i = 0; i < list.length; i++) {
      const left = this.of(list[i])
      if (left === list[i] || Object.is(left, list[i])) continue
      copy ??= [...list]
      copy[i] = left
    }
    return copy ?? list
  }

  /** The fields of what an object becomes; undefined where nothing is changed. */
  #fields(of: object): PropertyDescriptorMap | undefined {
    // Without a prototype: a field named __proto__ is a field.
    const fields = Object.create(null) as PropertyDescriptorMap
    let isChanged = false
    for (const [key, inner] of Object.entries(of)) {
      let name = this.#text(key)
      while (name !== key && name in fields) name += "'"
      const left = isHeader(key, inner) ? standIn(key.toLowerCase()) : this.of(inner)
      isChanged ||= name !== key || !Object.is(left, inner)
      fields[name] = { value: left, enumerable: true, configurable: true, writable: true }
    }
    return isChanged ? fields : undefined
  }

  /** Message, stack and cause are no fields that can be listed, and say the most. */
  #error(error: Error): Error {
    const fields = this.#fields(error) ?? (Object.create(null) as PropertyDescriptorMap)
    for (const key of ['message', 'stack', 'cause', 'errors'] as const) {
      const own = Object.getOwnPropertyDescriptor(error, key)
      if (own === undefined) continue
      const given: unknown = error[key as 'message'] // of whichever: each is a field of some error
      const left = this.of(given)
      if (Object.is(left, given)) continue
      fields[key] = { value: left, enumerable: own.enumerable ?? false, configurable: true, writable: true }
    }
    if (Object.keys(fields).length === 0) return error
    const copy = Object.create(
      Object.getPrototypeOf(error) as object,
      Object.getOwnPropertyDescriptors(error),
    ) as Error // of the class it was of
    return Object.defineProperties(copy, fields)
  }
}

function isHeader(key: string, value: unknown): boolean {
  if (typeof value !== 'string' || key.length > LONGEST_HEADER || value.startsWith('[secret: ')) return false
  return HEADERS.get(key.toLowerCase())?.test(value) ?? false
}
