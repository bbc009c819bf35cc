/**
 * The world outside all processes: what effects did to it, what bodies saw, and what must never have been.
 *
 * No crash undoes any of it.
 */
import type { StepOp } from './program.ts'

interface Done {
  readonly mark: string
  readonly run: string
  times: number
}

export class World {
  readonly violations: string[] = []
  /** Effects of `once` steps, by idempotency key. */
  readonly done = new Map<string, Done>()
  readonly undone: string[] = []
  /** How often a `once` step threw after its intent: each may leave one in doubt. */
  thrown = 0
  /** A process that was stopped may still act: the outside keeps to idempotency keys then, as a good one does. */
  honoursKeys = false
  readonly #winners = new Map<string, string>()

  wrong(what: string): void {
    if (this.violations.length < 20) this.violations.push(what)
  }

  /** The effect of a `once` step. */
  /** How often a provider was asked for a turn, by any process. */
  readonly #asked = new Map<string, number>()

  ask(run: string, mark: string): number {
    const times = (this.#asked.get(`${run} ${mark}`) ?? 0) + 1
    this.#asked.set(`${run} ${mark}`, times)
    return times
  }

  perform(run: string, key: string, mark: string, op: Pick<StepOp, 'once'>): void {
    const done = this.done.get(key)
    if (!done) this.done.set(key, { mark, run, times: 1 })
    else if (done.mark !== mark || done.run !== run)
      this.wrong(`${run} ${mark} has the idempotency key of ${done.run} ${done.mark}`)
    else if (op.once === 'bare' || !this.honoursKeys) done.times++
  }

  isDone(key: string): boolean {
    return this.done.has(key)
  }

  /** Whether a run's step took effect, for a person who looks. */
  wasDone(run: string, mark: string): boolean {
    for (const done of this.done.values()) if (done.run === run && done.mark === mark) return true
    return false
  }

  /** A race that was won is won, whoever looks and however often. */
  won(run: string, mark: string, winner: string): void {
    const before = this.#winners.get(`${run} ${mark}`)
    if (before !== undefined && before !== winner)
      this.wrong(`${run} ${mark} was won by ${before}, then by ${winner}`)
    this.#winners.set(`${run} ${mark}`, winner)
  }
}
