/**
 * Reading what a run said: its long texts are on the record once, and named by a digest everywhere else (`model/texts.ts` writes them).
 * Only of runs whose content is asked for: what is not read cannot leak.
 */
import { decode } from '../log/index.ts'

export type Json = unknown

const TEXT = '~'
const JOINED = '~+'
const VALUE = '~j'
const BYTES = '~b'

export class TextsTold {
  readonly #byDigest = new Map<string, string>()

  learn(fresh: Json): void {
    if (typeof fresh !== 'object' || fresh === null) return
    for (const [digest, told] of Object.entries(fresh)) {
      // A text that is JSON is there as its value, in brackets.
      const text: Json = Array.isArray(told) ? JSON.stringify(told[0]) : told
      if (typeof text === 'string') this.#byDigest.set(digest, text)
    }
  }

  /** As it was packed; what is missing, because it was erased, is undefined. Bytes are not told. */
  unpack(packed: Json): Json {
    if (typeof packed !== 'object' || packed === null) return packed
    if (Array.isArray(packed)) return packed.map((one: Json) => this.unpack(one))
    const entries = Object.entries(packed)
    const [first] = entries
    if (first && entries.length === 1) {
      const [sign, name] = first as [string, Json]
      if (sign === TEXT) return this.#text(name)
      if (sign === JOINED && Array.isArray(name))
        return name
          .map((part: Json) => (Array.isArray(part) ? String(part[0]) : (this.#text(part) ?? '')))
          .join('')
      if (sign === BYTES) return undefined
      if (sign === VALUE) {
        const text = this.#text(name)
        return text === undefined ? undefined : plainly(text)
      }
    }
    return Object.fromEntries(
      entries.map(([key, inner]) => [
        key.startsWith(TEXT) ? key.slice(TEXT.length) : key,
        this.unpack(inner),
      ]),
    )
  }

  #text(name: Json): string | undefined {
    return typeof name === 'string' ? this.#byDigest.get(name) : undefined
  }
}

function plainly(text: string): Json {
  try {
    return decode(text)
  } catch {
    return text
  }
}
