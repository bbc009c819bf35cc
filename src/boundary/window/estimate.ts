/**
 * What a provider would count, from what our table counts and from what the provider last reported.
 *
 * E1. Anchored: a window that has not changed since a report is exactly what was reported. Only what came or went since is reckoned,
 *     so instructions, tools and marks that we do not see are in it.
 * E2. What is reckoned errs upwards. After one report, what came is taken to cost as much a piece as the whole did; what went, no
 *     more than our table says. From two reports on, the piece costs what it cost between them.
 */

/** By our table, of the window and of all that was sent; and as the provider counted all. */
interface Point {
  readonly own: number
  readonly all: number
  readonly theirs: number
}

/** The mark after which the answer begins. */
const PRIMING = 3
const MOST_POINTS = 8
/** Too little text says nothing of what a piece costs. */
const FEWEST = 500
const STEEPEST_GUESS = 1.3
const STEEPEST = 2
const FLATTEST = 0.7

export class Estimate {
  readonly #points = new Map<string, readonly Point[]>()
  /** Of the model that reported last. */
  #model: string | undefined

  /** What so many by our table are. */
  of(own: number): number {
    const points = this.#points.get(this.#model ?? '') ?? []
    const last = points.at(-1)
    if (!last) return own + PRIMING
    const more = own - last.own
    return Math.max(0, Math.ceil(last.theirs + more * slope(points, last, more > 0)))
  }

  learn(point: Point, model: string | undefined): void {
    if (!(point.own > 0 && point.theirs > 0)) return
    this.#model = model ?? ''
    const known = this.#points.get(this.#model) ?? []
    this.#points.set(this.#model, [...known, point].slice(-MOST_POINTS))
  }
}

function slope(points: readonly Point[], last: Point, isMore: boolean): number {
  const spans = points.map(({ own, theirs }) => ({ own: last.own - own, theirs: last.theirs - theirs }))
  const widest = spans.reduce((a, b) => (Math.abs(b.own) > Math.abs(a.own) ? b : a))
  if (Math.abs(widest.own) >= FEWEST) return clamp(widest.theirs / widest.own, FLATTEST, STEEPEST)
  if (!isMore || last.all < FEWEST) return 1
  return clamp(last.theirs / last.all, 1, STEEPEST_GUESS)
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))
