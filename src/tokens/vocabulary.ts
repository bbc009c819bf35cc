/**
 * The table of a byte-pair encoding: which bytes are a token, and how early it was learned.
 *
 * V1. The file holds every token in the order of its rank: a byte of length, then its bytes. The index over it is made when it is loaded:
 *     that takes some 15 ms, where a Map of 200,000 strings takes ten times that, and ten times the memory.
 */
import { readFileSync } from 'node:fs'

/** A power of two, at least twice the number of tokens. */
const SLOTS = 1 << 19

export class Vocabulary {
  readonly #bytes: Uint8Array
  /** Where each token begins, its length byte left out. */
  readonly #starts: Uint32Array
  /** Rank + 1 of the token in this slot; 0: empty. */
  readonly #slots = new Int32Array(SLOTS)

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    const starts = new Uint32Array(SLOTS / 2)
    let rank = 0
    for (let at = 0; at < bytes.length; rank++) {
      const length = bytes[at] ?? 0
      const start = at + 1
      starts[rank] = start
      let slot = slotOf(bytes, start, start + length)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1)
      this.#slots[slot] = rank + 1
      at = start + length
    }
    this.#starts = starts
  }

  /** The rank of the token that these bytes are, or -1. */
  rankOf(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from
    for (let slot = slotOf(bytes, from, to); ; slot = (slot + 1) & (SLOTS - 1)) {
      const rank = (this.#slots[slot] ?? 0) - 1
      if (rank < 0) return -1
      const start = this.#starts[rank] ?? 0
      if (this.#bytes[start - 1] !== length) continue
      let i = 0
      while (i < length && this.#bytes[start + i] === bytes[from + i]) i++
      if (i === length) return rank
    }
  }
}

/** FNV-1a. */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193)
  return (hash ^ (hash >>> 15)) & (SLOTS - 1)
}

export function readVocabulary(name: string): Vocabulary {
  return new Vocabulary(readFileSync(fileOf(name)))
}

const fileOf = (name: string): URL => new URL(`./${name}.bin`, import.meta.url)
