/**
 * The beginnings of long texts that a run's record names by digest: what a brief shows of arguments and results.
 *
 * Model and tool calls keep each text once, with the first event that has it, and name it everywhere else (model/texts.ts).
 *
 * B1. Only beginnings are kept: a brief of a run that read a library does not hold the library.
 */
import { textBrought } from '../model/index.ts'
import { shortened, shown } from './wording.ts'

/** Of a line of a brief at most so much is shown. */
const KEPT = 600

export class Beginnings {
  readonly #byDigest = new Map<string, string>()

  learn(texts: unknown): void {
    if (typeof texts !== 'object' || texts === null) return
    for (const [digest, told] of Object.entries(texts)) {
      const text = textBrought(told)
      if (text !== undefined) this.#byDigest.set(digest, text.slice(0, KEPT))
    }
  }

  /** A packed value on one line. */
  shown(packed: unknown, most: number): string {
    const found = this.#found(packed)
    return typeof found === 'string' ? shortened(found, most) : shown(found, most)
  }

  #found(packed: unknown): unknown {
    if (typeof packed !== 'object' || packed === null) return packed
    if (Array.isArray(packed)) return packed.map((one) => this.#found(one))
    const entries = Object.entries(packed)
    const [sign, named] = entries.length === 1 ? (entries[0] ?? []) : []
    switch (sign) {
      case '~':
      case '~j':
        return this.#byDigest.get(String(named)) ?? '…'
      case '~b':
        return '(bytes)'
      case '~+':
        return [named]
          .flat()
          .map((part: unknown) =>
            Array.isArray(part) ? String(part[0]) : (this.#byDigest.get(String(part)) ?? '…'),
          )
          .join('')
      default:
        return Object.fromEntries(
          entries.map(([key, inner]) => [key.startsWith('~') ? key.slice(1) : key, this.#found(inner)]),
        )
    }
  }
}
