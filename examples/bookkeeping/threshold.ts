/**
 * From where on a suggestion may be taken without asking: learned from how suggestions as probable as it turned out.
 *
 * T1. Above the threshold, at most 1 in 20 was wrong, and so many were seen that this is no luck: the bound is the upper end of
 *     Wilson's interval, one-sided 90 %.
 * T2. What is older counts less, so that a ledger that changes its habits is asked about again.
 */

const MOST_WRONG = 0.05
const Z = 1.2816
const BINS = 240
const KEPT = 0.5 ** (1 / 3000)

export class Threshold {
  readonly #right = new Float64Array(BINS)
  readonly #wrong = new Float64Array(BINS)
  #weight = 1
  #known: number | undefined

  /** Whether a suggestion of this probability may be taken silently. */
  isSure(probability: number): boolean {
    this.#known ??= this.#lowest()
    return binOf(probability) >= this.#known
  }

  /** How a suggestion turned out. */
  observe(probability: number, wasRight: boolean): void {
    const bins = wasRight ? this.#right : this.#wrong
    const bin = binOf(probability)
    this.#weight /= KEPT // instead of making everything before it less
    bins[bin] = (bins[bin] ?? 0) + this.#weight
    this.#known = undefined
    if (this.#weight < 1e100) return
    for (const all of [this.#right, this.#wrong]) all.forEach((n, i) => (all[i] = n / this.#weight))
    this.#weight = 1
  }

  /** The lowest bin from which upwards few enough are wrong; beyond all bins where there is none. */
  #lowest(): number {
    let [n, wrong, lowest] = [0, 0, BINS]
    for (let bin = BINS - 1; bin >= 0; bin--) {
      const right = (this.#right[bin] ?? 0) / this.#weight
      const off = (this.#wrong[bin] ?? 0) / this.#weight
      if (right + off === 0) continue // what was never seen is not known to be right
      wrong += off
      n += right + off
      if (upperBound(wrong, n) <= MOST_WRONG) lowest = bin
    }
    return lowest
  }
}

/** Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference". */
function upperBound(wrong: number, n: number): number {
  const p = wrong / n
  const z2 = (Z * Z) / n
  return (p + z2 / 2 + Z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n))) / (1 + z2)
}

/** Finer where it matters: by odds, from 1 in 150 to 160,000 to 1. */
function binOf(probability: number): number {
  const odds = Math.log(Math.max(probability, 1e-9) / Math.max(1 - probability, 1e-9))
  return Math.max(0, Math.min(BINS - 1, Math.round((odds + 5) * (BINS / 17))))
}
