/**
 * A value as conditions see it.
 *
 * | here                          | in a condition                                            |
 * |-------------------------------|-----------------------------------------------------------|
 * | number                        | double; int where the schema says integer                 |
 * | bigint                        | int                                                       |
 * | Date                          | timestamp                                                 |
 * | URL                           | its text                                                  |
 * | Uint8Array                    | bytes                                                     |
 * | array, Set                    | list                                                      |
 * | Map                           | map; its keys are text, whole numbers or booleans         |
 * | other objects                 | map of their own properties, or of what their toJSON says |
 * | undefined                     | absent; null within a list                                |
 *
 * Own properties only: `value.constructor` is absent unless somebody gave it. Converted when an expression asks, and once
 * for all rules that read the same value: most of a value is never looked at.
 */
import { messageOf } from '../../errors.ts'
import { listOf, mapOf, timeOf, type Value } from './cel.ts'
import { ANY, type Shape } from './shape.ts'
import { itemOf } from './signatures.ts'

/** A part of the value that has no meaning in a condition. */
export class Unreadable extends Error {}

export class Reading {
  readonly value: unknown
  readonly #byShape = new Map<Shape, Value>()

  constructor(value: unknown) {
    this.value = value
  }

  as(shape: Shape): Value {
    if (!this.#byShape.has(shape)) this.#byShape.set(shape, toCel(this.value, shape))
    return this.#byShape.get(shape)
  }
}

/** The entry of an object or Map under a key, as the record would keep it; undefined where there is none. */
export function entryOf(of: unknown, key: unknown): unknown {
  if (of instanceof Map) {
    const numeric = typeof key === 'bigint' ? Number(key) : key
    return of.get(key) ?? of.get(numeric)
  }
  if (typeof of !== 'object' || of === null || typeof key !== 'string') return undefined
  return Object.hasOwn(of, key) ? (of as Readonly<Record<string, unknown>>)[key] : undefined
}

/** What stands for a value: its toJSON's answer where it has one. */
export function plainOf(value: unknown): unknown {
  const isOurs = value instanceof Date || value instanceof URL
  if (typeof value !== 'object' || value === null || isOurs || !('toJSON' in value)) return value
  return typeof value.toJSON === 'function' ? (value as { toJSON(): unknown }).toJSON() : value
}

/** @throws {Unreadable} whatever the value's own code throws, a getter or toJSON, included */
function toCel(given: unknown, shape: Shape): Value {
  try {
    return converted(plainOf(given), shape)
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable(messageOf(error), { cause: error })
  }
}

function converted(value: unknown, shape: Shape): Value {
  switch (typeof value) {
    case 'undefined':
    case 'string':
    case 'boolean':
    case 'bigint':
      return value
    case 'number':
      return isWhole(shape) && Number.isInteger(value) ? BigInt(value) : value
    case 'object':
      return value === null ? null : objectToCel(value, shape)
    default:
      throw new Unreadable(`a ${typeof value}`)
  }
}

const isWhole = (shape: Shape): boolean =>
  shape.some(({ kind }) => kind === 'int') && !shape.some(({ kind }) => kind === 'double')

function objectToCel(value: object, shape: Shape): Value {
  if (value instanceof Date) return timeOf(value)
  if (value instanceof URL) return value.href
  if (value instanceof Uint8Array) return value
  if (Array.isArray(value) || value instanceof Set) {
    const items = shape.flatMap((one) => (one.kind === 'list' ? itemOf(one) : one.kind === 'any' ? ANY : []))
    return listOf(itemsOf(Array.isArray(value) ? value : [...value], items))
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
    throw new Unreadable(`a ${value.constructor.name}`)
  }
  return mapOf(new Entries(value, shape))
}

/** Longer lists are converted element by element, as they are asked for: of a million, a rule may look at the first. */
const CONVERTED_WHOLE = 64

function itemsOf(items: readonly unknown[], shape: Shape): readonly Value[] {
  if (items.length <= CONVERTED_WHOLE) return Array.from(items, (item) => toCel(item, shape) ?? null)
  const done = new Map<string, Value>()
  const at = (index: string): Value => {
    if (!done.has(index)) done.set(index, toCel(items[Number(index)], shape) ?? null)
    return done.get(index)
  }
  function* values() {
    for (let i = 0; i < items.length; i++) yield at(String(i))
  }
  // The library asks a list for its length, for an element, and for all of them; nothing else.
  return new Proxy([] as Value[], {
    get: (target, key) => {
      if (key === 'length') return items.length
      if (key === 'values') return values
      return typeof key === 'string' && /^\d+$/.test(key) ? at(key) : Reflect.get(target, key)
    },
  })
}

/** The entries of an object or Map, each converted when it is asked for. */
class Entries implements ReadonlyMap<string | bigint | boolean, Value> {
  readonly #of: object
  readonly #shape: Shape
  readonly #converted = new Map<string | bigint | boolean, Value>()
  #keys: readonly (string | bigint | boolean)[] | undefined

  constructor(of: object, shape: Shape) {
    this.#of = of
    this.#shape = shape
  }

  get size(): number {
    return this.#known().length
  }

  get(key: string | bigint | boolean): Value {
    const known = this.#converted.get(key)
    if (known !== undefined) return known
    const value = this.#read(key)
    if (value === undefined) return undefined
    const converted = toCel(value, fieldShape(this.#shape, key))
    this.#converted.set(key, converted)
    return converted
  }

  has(key: string | bigint | boolean): boolean {
    return this.#read(key) !== undefined
  }

  keys(): MapIterator<string | bigint | boolean> {
    return this.#known().values()
  }

  *entries(): MapIterator<[string | bigint | boolean, Value]> {
    for (const key of this.#known()) yield [key, this.get(key)]
    return undefined
  }

  *values(): MapIterator<Value> {
    for (const key of this.#known()) yield this.get(key)
    return undefined
  }

  [Symbol.iterator](): MapIterator<[string | bigint | boolean, Value]> {
    return this.entries()
  }

  forEach(
    each: (
      value: Value,
      key: string | bigint | boolean,
      map: ReadonlyMap<string | bigint | boolean, Value>,
    ) => void,
  ): void {
    for (const [key, value] of this) each(value, key, this)
  }

  #read(key: string | bigint | boolean): unknown {
    try {
      return entryOf(this.#of, key)
    } catch (error) {
      throw new Unreadable(messageOf(error), { cause: error })
    }
  }

  #known(): readonly (string | bigint | boolean)[] {
    const keys: readonly unknown[] = this.#of instanceof Map ? [...this.#of.keys()] : Object.keys(this.#of)
    this.#keys ??= keys.map(keyOf).filter((key) => this.#read(key) !== undefined)
    return this.#keys
  }
}

function keyOf(key: unknown): string | bigint | boolean {
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key)
  if (typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean') return key
  throw new Unreadable(`a Map whose key is ${typeof key === 'number' ? key : `a ${typeof key}`}`)
}

function fieldShape(shape: Shape, key: string | bigint | boolean): Shape {
  if (shape === ANY) return ANY
  const found = shape.flatMap((one) =>
    one.kind === 'map' ? (one.field(String(key)) ?? []) : one.kind === 'any' ? ANY : [],
  )
  return found.length > 0 ? found : ANY
}
