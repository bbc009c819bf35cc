/**
 * Places in an output: written as text, found, and changed without touching anything else.
 *
 * P1. Only what a value holds itself is a place: fields of plain objects, and elements of lists.
 */
import type { OutputPath } from '../../task/index.ts'

export type Keys = readonly (string | number)[]

/** Found, or the first key that is not there, and what could have been. */
export type Looked =
  | { readonly isThere: true; readonly value: unknown }
  | { readonly isThere: false; readonly at: Keys; readonly key: string | number; readonly known: string }

const PART = /\.?([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y

/** `rows[3].category` or `rows.3.category` as keys; undefined where the text is no path. */
export function keysOf(path: OutputPath): Keys | undefined {
  if (typeof path !== 'string') return isKeys(path) ? path : undefined
  const keys: (string | number)[] = []
  for (let at = 0; at < path.length; at = PART.lastIndex) {
    PART.lastIndex = at
    const [part, name, index, quoted] = PART.exec(path) ?? []
    if (part === undefined || (at === 0 && part.startsWith('.'))) return undefined
    if (at > 0 && name !== undefined && !part.startsWith('.')) return undefined
    if (index !== undefined) keys.push(Number(index))
    else keys.push(quoted === undefined ? (name ?? '') : unquoted(quoted))
  }
  return keys
}

/** The way `keysOf` reads it. */
export function pathText(keys: Keys): string {
  return keys
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`
      return /^[^.[\]"\\\s]+$/.test(key) ? `${i > 0 ? '.' : ''}${key}` : `[${JSON.stringify(key)}]`
    })
    .join('')
}

export function lookUp(value: unknown, keys: Keys): Looked {
  let here = value
  for (const [i, key] of keys.entries()) {
    if (!holds(here, key)) return { isThere: false, at: keys.slice(0, i), key, known: knownOf(here) }
    here = partOf(here, key)
  }
  return { isThere: true, value: here }
}

/** A value with another one at a place that it has. */
export function replaced(value: unknown, keys: Keys, by: unknown): unknown {
  const [key, ...rest] = keys
  if (key === undefined) return by
  if (Array.isArray(value)) {
    const elements: readonly unknown[] = value
    return elements.with(Number(key), replaced(elements[Number(key)], rest, by))
  }
  const entries = Object.entries(value as object).map(([name, part]): [string, unknown] => [
    name,
    name === String(key) ? replaced(part, rest, by) : part,
  ])
  return Object.fromEntries(entries)
}

function holds(value: unknown, key: string | number): boolean {
  if (Array.isArray(value)) return /^\d{1,15}$/.test(String(key)) && Number(key) < value.length
  return isPlainObject(value) && Object.hasOwn(value, String(key))
}

const partOf = (value: unknown, key: string | number): unknown =>
  (value as Readonly<Record<string | number, unknown>>)[Array.isArray(value) ? Number(key) : key] // `holds` was asked

function knownOf(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (!isPlainObject(value)) return `${value === null ? 'null' : typeof value}, which has no parts`
  const names = Object.keys(value)
  return names.length === 0
    ? 'an object without fields'
    : `${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isKeys(path: unknown): path is Keys {
  return (
    Array.isArray(path) &&
    path.every((key) => typeof key === 'string' || (Number.isSafeInteger(key) && Number(key) >= 0))
  )
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`))
  } catch {
    return text
  }
}
