/**
 * Which rung comes next.
 *
 *     failure ─▶ the ladder of its mode, where that stands ─▶ rung ─▶ failed again (of this mode, or another) ─▶ …
 *                                                              └▶ halt | compensate: over
 *
 * W1. Each mode has a place on its ladder, which only moves on: a walk ends, whatever fails in turn and in whatever order.
 * W2. A rung that the caller cannot do, or that would not help, is passed over, and it is said why.
 * W3. What an author's function throws on a ladder, or says that it cannot mean, halts: a check that fails is no pass.
 *
 * Pure: no run, no clock.
 */
import { messageOf } from '../errors.ts'
import { nameOfTarget, type Ladder, type Rung } from '../task/index.ts'
import type { Failure, FailureMode } from './modes.ts'

/** What a caller can do about a failure of its operation. */
export type Ability = 'retry' | 'repair' | 'compact' | 'fallback' | 'answer' | 'partial'

export interface Move {
  readonly rung: Rung
  readonly because: string
  /** How often this rung was taken before, and now. */
  readonly attempt: number
  readonly skipped: readonly { readonly rung: string; readonly because: string }[]
  /** What an author's function threw. */
  readonly thrown?: unknown
}

interface Place {
  readonly ladder: Ladder
  at: number
  taken: number
}

interface Options {
  readonly ladderOf: (mode: FailureMode) => Ladder
  readonly can: ReadonlySet<Ability>
  /** The model or tool that failed: it is not fallen back to. */
  readonly failed?: string | undefined
  /** Attempts of the first retry that were made before anyone was told. */
  readonly retried?: number | undefined
}

/** However many modes fail in turn. */
const MOST_MOVES = 200
const HALT: Rung = { kind: 'halt' }

export class Walk {
  readonly #options: Options
  readonly #places = new Map<FailureMode, Place>()
  #moves = 0
  #retried: number

  constructor(options: Options) {
    this.#options = options
    this.#retried = options.retried ?? 0
  }

  /** The next rung for a failure that is met, or met again. */
  next(failure: Failure): Move {
    const skipped: Move['skipped'][number][] = []
    const halt = (because: string, thrown?: unknown): Move => ({
      rung: HALT,
      because,
      attempt: 1,
      skipped,
      ...(thrown === undefined ? {} : { thrown }),
    })
    if (++this.#moves > MOST_MOVES) return halt(`It went on failing over ${MOST_MOVES} rungs.`)
    const place = this.#placeOf(failure.mode)
    for (;;) {
      const rung = place.ladder.rungs[place.at]
      if (!rung) return halt('Nothing is left on its ladder.')
      if (place.taken >= attemptsOf(rung)) {
        this.#up(place)
        continue
      }
      let refusal: string | undefined
      try {
        refusal = this.#refusal(rung, failure)
      } catch (thrown) {
        return halt(`Its ladder failed at ${rung.kind}: ${messageOf(thrown)}`, thrown)
      }
      if (refusal === undefined) {
        place.taken++
        return { rung, because: reasonOf(rung, failure, place.taken), attempt: place.taken, skipped }
      }
      skipped.push({ rung: rung.kind, because: refusal })
      this.#up(place)
    }
  }

  #placeOf(mode: FailureMode): Place {
    const known = this.#places.get(mode)
    if (known) return known
    const ladder = this.#options.ladderOf(mode)
    const isRetried = ladder.rungs[0]?.kind === 'retry'
    const place = { ladder, at: 0, taken: isRetried ? this.#retried : 0 }
    this.#retried = 0
    this.#places.set(mode, place)
    return place
  }

  #up(place: Place): void {
    place.at++
    place.taken = 0
  }

  /** Why a rung is not taken; undefined if it is. */
  #refusal(rung: Rung, failure: Failure): string | undefined {
    const { can, failed } = this.#options
    switch (rung.kind) {
      case 'retry':
        if (!can.has('retry')) return 'What failed cannot be done again as it is.'
        return isAgain(rung, failure) ? undefined : 'It will not pass by itself.'
      case 'repair':
        return can.has('repair') ? undefined : 'There is nobody to tell what was wrong.'
      case 'compact':
        return can.has('compact') ? undefined : 'There is no conversation to make shorter.'
      case 'fallback':
        if (!can.has('fallback')) return 'It cannot be done by anything else.'
        return failed !== undefined && rung.target === failed ? 'That is what failed.' : undefined
      case 'ask':
      case 'escalate':
        return can.has('answer') || can.has('retry') || can.has('partial')
          ? undefined
          : 'Nothing can be done with an answer.'
      case 'accept_partial':
        return can.has('partial') ? undefined : 'There is no part of it to take.'
      case 'compensate':
      case 'halt':
        return undefined
    }
  }
}

function isAgain({ on }: Extract<Rung, { kind: 'retry' }>, failure: Failure): boolean {
  if (!on) return failure.isTransient
  const said: unknown = on(failure)
  if (typeof said !== 'boolean')
    throw new TypeError('on(failure) of retry must say true or false, and at once')
  return said
}

/** How often a rung may be taken. */
export function attemptsOf(rung: Rung): number {
  if (rung.kind === 'retry') return rung.attempts ?? 3
  return rung.kind === 'repair' ? (rung.attempts ?? 2) : 1
}

function reasonOf(rung: Rung, failure: Failure, attempt: number): string {
  const of = `attempt ${attempt} of ${attemptsOf(rung)}`
  const mode = failure.mode.replaceAll('_', ' ')
  switch (rung.kind) {
    case 'retry':
      return `${mode} may pass: ${of}`
    case 'repair':
      return `${mode} is told to whoever answered: ${of}`
    case 'fallback':
      return `${mode}: ${nameOfTarget(rung.target)} instead`
    case 'halt':
    case 'compensate':
      return `Its ladder says ${rung.kind}.`
    default:
      return `the ladder of ${mode} says so`
  }
}
