/** How often each label was given under one key, what is older counting less, and which entries that rests on. */

/** Half as much after so many days. Halving it or doubling it makes no difference worth naming (README). */
const HALF_LIFE_DAYS = 180
const MOST_RESTS = 3
const MOST_CANDIDATES = 6

export interface Counted {
  /** Weighed by age. */
  count: number
  times: number
  /** The last entries, newest last. */
  readonly rests: string[]
}

export class Tally {
  readonly labels = new Map<number, Counted>()
  readonly #commonest: number[] = []
  #total = 0
  #seen = 0
  #day = 0

  /** As much as is left of all counts on a day. */
  leftOn(day: number): number {
    return this.#seen === 0 ? 1 : 0.5 ** (Math.max(0, day - this.#day) / HALF_LIFE_DAYS)
  }

  get total(): number {
    return this.#total
  }

  /** The labels worth considering: those given most often, the commonest first. */
  get candidates(): readonly number[] {
    return this.#commonest
  }

  /** How much there is, and how much it agrees: tallies alike in both are relied on alike. From 0 to 14. */
  get standing(): number {
    const size = this.#seen >= 16 ? 4 : this.#seen >= 6 ? 3 : this.#seen >= 3 ? 2 : this.#seen - 1
    const purity = this.#countOf(this.#commonest[0]) / this.#total
    return size * 3 + (purity > 0.97 ? 2 : purity > 0.75 ? 1 : 0)
  }

  add(label: number, day: number, entry: string): void {
    const left = this.leftOn(day)
    if (left < 1) {
      for (const counted of this.labels.values()) counted.count *= left
      this.#total *= left
    }
    this.#day = Math.max(this.#day, day)
    let counted = this.labels.get(label)
    if (!counted) this.labels.set(label, (counted = { count: 0, times: 0, rests: [] }))
    counted.count++
    counted.times++
    counted.rests.push(entry)
    if (counted.rests.length > MOST_RESTS) counted.rests.shift()
    this.#total++
    this.#seen++
    this.#rank(label, counted.count)
  }

  get seen(): number {
    return this.#seen
  }

  /** Only one count has risen, and age leaves the order as it is: the label moves up among the commonest, or into them. */
  #rank(label: number, count: number): void {
    const best = this.#commonest
    let at = best.indexOf(label)
    if (at < 0 && best.length < MOST_CANDIDATES) at = best.push(label) - 1
    else if (at < 0 && count > this.#countOf(best.at(-1))) best[(at = best.length - 1)] = label
    for (; at > 0 && count > this.#countOf(best[at - 1]); at--)
      [best[at - 1], best[at]] = [label, best[at - 1] ?? label]
  }

  #countOf(label: number | undefined): number {
    return (label === undefined ? undefined : this.labels.get(label))?.count ?? 0
  }
}
