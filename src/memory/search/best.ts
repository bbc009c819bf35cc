/**
 * The best few of many, best first: a heap whose root is the worst that is still in.
 *
 * Ties in score go by id, in the order of UTF-16 code units, which no locale changes.
 */
export interface Ranked {
  readonly doc: number
  readonly id: string
  readonly score: number
}

export class Best {
  readonly #heap: Ranked[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** A score below this cannot get in. */
  get least(): number {
    return this.#heap.length < this.#limit ? -Infinity : (this.#heap[0]?.score ?? Infinity)
  }

  /** Whether it would get in now. */
  admits(one: Ranked): boolean {
    const worst = this.#heap[0]
    return this.#heap.length < this.#limit || (worst !== undefined && isBetter(one, worst))
  }

  add(one: Ranked): void {
    if (!this.admits(one)) return
    if (this.#heap.length < this.#limit) this.#up(one)
    else this.#down(one)
  }

  inOrder(): readonly Ranked[] {
    return this.#heap.toSorted((a, b) => (isBetter(a, b) ? -1 : 1))
  }

  #up(one: Ranked): void {
    let at = this.#heap.length
    while (at > 0) {
      const above = (at - 1) >>> 1
      const parent = this.#heap[above]
      if (parent === undefined || isBetter(parent, one) === false) break
      this.#heap[at] = parent
      at = above
    }
    this.#heap[at] = one
  }

  #down(one: Ranked): void {
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const [left, right] = [this.#heap[below], this.#heap[below + 1]]
      if (left && right && isBetter(left, right)) below++
      const worse = this.#heap[below]
      if (worse === undefined || !isBetter(one, worse)) break
      this.#heap[at] = worse
      at = below
    }
    this.#heap[at] = one
  }
}

function isBetter(a: Ranked, b: Ranked): boolean {
  return a.score === b.score ? a.id < b.id : a.score > b.score
}
