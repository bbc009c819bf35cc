/**
 * Vectors by number, and which of them lie nearest to one that is asked for.
 *
 * V1. All are looked at: what is nearest is found, not what probably is. With SIMD, 100,000 of 100 dimensions take about a millisecond.
 * V2. A vector that is taken out is overwritten with zeros.
 * V3. Ties go by id, as everywhere (best.ts).
 */
import { readFileSync } from 'node:fs'
import { Best, type Ranked } from './best.ts'

/** What is used of it: the compiler's types of Node leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Scan {
  readonly memory: { readonly buffer: ArrayBuffer; readonly grow: (pages: number) => number }
  readonly scan: (asked: number, vectors: number, count: number, dims: number, products: number) => void
}

const PAGE_BYTES = 65_536

let compiled: object | undefined

export class Vectors {
  readonly dimensions: number
  readonly #wasm: Scan
  /** Where the first begins: before it is the one asked for, at the end of all the products. */
  readonly #from: number
  #count = 0
  #room = 0

  constructor(dimensions: number) {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./scan.wasm', import.meta.url)))
    this.dimensions = dimensions
    this.#wasm = new WebAssembly.Instance(compiled).exports as Scan // as scan.wat exports it
    this.#from = Math.ceil(dimensions / 16) * 16
  }

  /** Vectors one after another, as `bytes` gave them. */
  static of(dimensions: number, bytes: Int8Array): Vectors {
    const vectors = new Vectors(dimensions)
    vectors.#reserve(bytes.length / dimensions)
    vectors.#bytes().set(bytes, vectors.#from)
    vectors.#count = bytes.length / dimensions
    return vectors
  }

  /** How many numbers have one, those in between without included. */
  get count(): number {
    return this.#count
  }

  put(number: number, vector: Int8Array): void {
    if (number >= this.#count) this.#reserve(number + 1)
    this.#count = Math.max(this.#count, number + 1)
    this.#bytes().set(vector, this.#from + number * this.dimensions)
  }

  remove(number: number): void {
    if (number >= this.#count) return
    const start = this.#from + number * this.dimensions
    this.#bytes().fill(0, start, start + this.dimensions)
  }

  /** Valid until the next change. */
  at(number: number): Int8Array {
    const start = this.#from + number * this.dimensions
    return number < this.#count
      ? this.#bytes().subarray(start, start + this.dimensions)
      : new Int8Array(this.dimensions)
  }

  /** Those whose product with `asked` is at least `least`, nearest first. */
  nearest(
    asked: Int8Array,
    how: {
      readonly limit: number
      readonly least: number
      readonly idOf: (doc: number) => string | undefined
      readonly allowed: (id: string, doc: number) => boolean
    },
  ): readonly Ranked[] {
    const { memory, scan } = this.#wasm
    this.#bytes().set(asked)
    const after = this.#productsAt()
    scan(0, this.#from, this.#count, this.dimensions, after)
    const products = new Int32Array(memory.buffer, after, this.#count)
    const best = new Best(how.limit)
    let least = how.least
    for (let doc = 0; doc < products.length; doc++) {
      const score = products[doc] ?? 0
      if (score < least) continue
      const id = how.idOf(doc)
      if (id === undefined) continue
      const one = { doc, id, score }
      if (!best.admits(one) || !how.allowed(id, doc)) continue
      best.add(one)
      least = Math.max(least, best.least)
    }
    return best.inOrder()
  }

  #bytes(): Int8Array {
    return new Int8Array(this.#wasm.memory.buffer)
  }

  #productsAt(): number {
    return Math.ceil((this.#from + this.#room * this.dimensions) / 16) * 16
  }

  #reserve(count: number): void {
    if (count <= this.#room) return
    this.#room = Math.max(1024, count, this.#room + (this.#room >>> 2))
    const missing = this.#productsAt() + this.#room * 4 - this.#wasm.memory.buffer.byteLength
    if (missing > 0) this.#wasm.memory.grow(Math.ceil(missing / PAGE_BYTES))
  }
}
