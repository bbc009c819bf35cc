/**
 * What was said in a run, said once on its record: long strings, and what goes into tools and comes out of them, are kept under a digest
 * by the first event that has them, and named by it everywhere else.
 *
 * A conversation that grows sends all of itself with each call, and what a model or a tool answered comes back in the next request.
 *
 * X1. `unpack(pack(value))` is the value as JSON has it, with bytes.
 * X2. A digest says nothing to whoever has not the run's own secret, which goes when the run is erased.
 * X3. Nothing a user says can pose as a reference: keys of theirs that begin with the sign get another one.
 */
import { createHmac } from 'node:crypto'
import { decode, encode } from '../log/index.ts'

/** Strings as long as this are named by a digest. */
const LONG = 400
/** Values of tools are, from here on: below, the name is longer than the thing. */
const WORTH_NAMING = 64
const SIGN = '~'
/** A string; a string of several; a value by its JSON; bytes by their base64. */
const TEXT = '~'
const JOINED = '~+'
const VALUE = '~j'
const BYTES = '~b'

export type Packed = null | boolean | number | string | readonly Packed[] | { readonly [key: string]: Packed }

/** Texts an event brings, by digest. */
export type Fresh = Record<string, string>
/** As they are on the record: a text that is JSON as the value it says, in brackets, so that nothing in it is escaped twice. */
export type Brought = Readonly<Record<string, string | readonly [unknown]>>

/** @see Brought */
export function brought(text: string): string | readonly [unknown] {
  if (text.length < WORTH_NAMING || (!text.startsWith('{') && !text.startsWith('['))) return text
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? [value] : text
  } catch {
    return text
  }
}

/** The text of what an event brought; undefined for what is none. @see Brought */
export function textBrought(told: unknown): string | undefined {
  if (typeof told === 'string') return told
  return Array.isArray(told) ? JSON.stringify(told[0]) : undefined
}

/** Keys below which a value is kept as one text: it came from a tool, or goes to one. */
const SLOTS: ReadonlySet<string> = new Set(['input', 'value', 'result', 'args', 'v'])

export class Texts {
  readonly #secret: string
  readonly #byDigest = new Map<string, string>()
  readonly #digests = new Map<string, string>()

  constructor(secret: string) {
    this.#secret = secret
  }

  /** Takes in what an event of the record brought. */
  learn(texts: Brought | undefined): void {
    for (const [digest, told] of Object.entries(texts ?? {})) this.#keep(digest, textBrought(told) ?? '')
  }

  #keep(digest: string, text: string): void {
    this.#byDigest.set(digest, text)
    this.#digests.set(text, digest)
  }

  /** 128 bits of a text, under the run's secret. */
  digest(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url').slice(0, 22)
  }

  /** The text's name; a text that is new goes into `fresh`. */
  name(text: string, fresh: Fresh): string {
    const known = this.#digests.get(text)
    if (known !== undefined) return known
    const digest = this.digest(text)
    this.#keep(digest, text)
    fresh[digest] = text
    return digest
  }

  /** The value with its long parts named. Undefined and functions are left out, as on the wire. */
  pack(value: unknown, fresh: Fresh): Packed {
    return this.#pack(value, fresh, false)
  }

  /** A text that arrived in parts, of which each is on the record. */
  joined(parts: readonly string[]): Packed {
    const whole = parts.join('')
    const named = parts.map((part) => this.#digests.get(part) ?? [part])
    this.#keep(this.digest(whole), whole)
    return { [JOINED]: named }
  }

  #pack(value: unknown, fresh: Fresh, isSlot: boolean): Packed {
    switch (typeof value) {
      case 'string':
        return value.length >= (isSlot ? WORTH_NAMING : LONG) ? { [TEXT]: this.name(value, fresh) } : value
      case 'boolean':
        return value
      case 'number':
        return Number.isFinite(value) ? value : null
      case 'bigint':
        return value.toString()
      case 'object':
        break
      default:
        return null
    }
    if (value === null) return null
    if (isSlot) {
      const text = encode(value)
      if (text.length >= WORTH_NAMING || text.includes('"$":')) return { [VALUE]: this.name(text, fresh) }
    }
    if (value instanceof Uint8Array)
      return {
        [BYTES]: this.name(
          Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
          fresh,
        ),
      }
    if (value instanceof URL || value instanceof Date) return this.#pack(value.toJSON(), fresh, false)
    if (Array.isArray(value)) return value.map((one) => this.#pack(one, fresh, false))
    const packed: Record<string, Packed> = {}
    for (const key of Object.keys(value).sort()) {
      const inner: unknown = (value as Record<string, unknown>)[key] // an object has what its keys say
      if (inner === undefined || typeof inner === 'function' || typeof inner === 'symbol') continue
      packed[key.startsWith(SIGN) ? SIGN + key : key] = this.#pack(inner, fresh, SLOTS.has(key))
    }
    return packed
  }

  /** The value that was packed. @throws {Error} if a text it names is not on the record */
  unpack(packed: Packed): unknown {
    if (typeof packed !== 'object' || packed === null) return packed
    if (Array.isArray(packed)) return packed.map((one: Packed) => this.unpack(one))
    const entries = Object.entries(packed)
    const [first] = entries
    if (first && entries.length === 1) {
      const [sign, named] = first
      if (sign === JOINED && Array.isArray(named)) return this.#whole(named)
      if (typeof named === 'string') {
        if (sign === TEXT) return this.#text(named)
        if (sign === VALUE) return decode(this.#text(named))
        if (sign === BYTES) return new Uint8Array(Buffer.from(this.#text(named), 'base64'))
      }
    }
    return Object.fromEntries(
      entries.map(([key, inner]) => [
        key.startsWith(SIGN) ? key.slice(SIGN.length) : key,
        this.unpack(inner),
      ]),
    )
  }

  /** Of texts by their names, and of one that has none. */
  #whole(parts: readonly Packed[]): string {
    const of = (part: Packed): string => {
      if (typeof part === 'string') return this.#text(part)
      return Array.isArray(part) && typeof part[0] === 'string' ? part[0] : ''
    }
    const text = parts.map(of).join('')
    this.#keep(this.digest(text), text)
    return text
  }

  #text(digest: string): string {
    const text = this.#byDigest.get(digest)
    if (text === undefined) throw new Error(`The record names a text (${digest}) that it does not have.`)
    return text
  }
}
