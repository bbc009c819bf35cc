/**
 * What a text is about, as a vector: the sum of the vectors of its words, by a table that comes with the package (`scripts/vectors.ts`).
 *
 * M1. The same text has the same vector on every machine: whole numbers are added up, and a square root and a quotient are exact.
 * M2. No word of it in the table, no vector: then words alone rank.
 */
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Word, Words } from './words.ts'

/** The length of every vector; parts that would be larger than a byte are cut off at 127. */
export const SCALE = 320

export class Meaning {
  readonly dimensions: number
  /** Tells tables apart: vectors of another are of no use. */
  readonly name: string
  readonly #rows = new Map<string, number>()
  readonly #weights: Uint8Array
  readonly #vectors: Int8Array
  readonly #sum: Int32Array
  #added = 0

  constructor(table: Uint8Array) {
    const bytes = Buffer.from(table.buffer, table.byteOffset, table.byteLength)
    const words = bytes.readUInt32LE(0)
    this.dimensions = bytes.readUInt32LE(4)
    let at = 8
    for (let row = 0; row < words; row++) {
      const end = at + 1 + (bytes[at] ?? 0)
      this.#rows.set(bytes.toString('latin1', at + 1, end), row)
      at = end
    }
    this.#weights = bytes.subarray(at, at + words)
    this.#vectors = new Int8Array(bytes.buffer, bytes.byteOffset + at + words, words * this.dimensions)
    this.#sum = new Int32Array(this.dimensions)
    this.name = `words ${crc32(bytes)}`
  }

  /** Of a text; of one that has more than `most` words of the table, nothing. */
  of(text: string, words: Words, most = Infinity): Int8Array | undefined {
    words.each(text, (word) => this.add(word))
    return this.take(most)
  }

  /** A further word of what `take` gives next. */
  add(word: Word): void {
    if (word.isStop) return
    word.row ??= this.#rows.get(word.term) ?? -1
    if (word.row < 0) return
    const { dimensions } = this
    const [sum, vectors, weight] = [this.#sum, this.#vectors, this.#weights[word.row] ?? 0]
    const start = word.row * dimensions
    for (let i = 0; i < dimensions; i++) sum[i] = (sum[i] ?? 0) + weight * (vectors[start + i] ?? 0)
    this.#added++
  }

  take(most = Infinity): Int8Array | undefined {
    const vector = this.#added === 0 || this.#added > most ? undefined : quantised(this.#sum)
    this.#added = 0
    this.#sum.fill(0)
    return vector
  }
}

/** A vector in bytes, of the length that all have; undefined if it has none. */
export function quantised(values: ArrayLike<number>): Int8Array | undefined {
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += (values[i] ?? 0) ** 2
  const factor = SCALE / Math.sqrt(squares)
  if (!Number.isFinite(factor)) return undefined
  const vector = new Int8Array(values.length)
  for (let i = 0; i < vector.length; i++)
    vector[i] = Math.max(-127, Math.min(127, Math.round((values[i] ?? 0) * factor)))
  return vector
}

let loaded: Meaning | undefined

/** The table, 2.2 MB: read when it is first needed, once in a thread. */
export function loadMeaning(): Meaning {
  loaded ??= new Meaning(readFileSync(new URL('./vectors.bin', import.meta.url)))
  return loaded
}
