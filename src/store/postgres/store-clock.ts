/**
 * The database's clock, reckoned here: the time of an event is part of its hash, and hashes are made here.
 *
 * T1. What is reckoned is the clock of the database, from what it said at the last exchanges, carried on by this machine's
 *     monotonic clock. Where the clock of this machine stands does not matter.
 * T2. The quickest exchange of late is believed: its answer is the least uncertain (as in NTP, RFC 5905, section 10).
 * T3. Never before what is known to be on the record. Whoever writes is told by the database if it is wrong (write-function.ts, F2).
 */
import type { Clock } from '../../log/index.ts'

const BELIEVED_FOR_MS = 20_000

const LONGEST_MS = 2 ** 31 - 1

export class StoreClock implements Clock {
  /** The time of the newest event that is known here. */
  newest = 0
  readonly #byHand: Clock | undefined
  #offset = 0
  #tripMs = Infinity
  #learntAt = -Infinity

  constructor(byHand?: Clock) {
    this.#byHand = byHand
  }

  get isByHand(): boolean {
    return this.#byHand !== undefined
  }

  /** Milliseconds since 1970. */
  now(): number {
    const reckoned = this.#byHand?.now() ?? performance.now() + this.#offset
    return Math.max(Math.trunc(reckoned), this.newest)
  }

  /** Calls `fire` once this clock stands at `at`, by this machine's timers. */
  at(at: number, fire: () => void): () => void {
    if (this.#byHand) return this.#byHand.at(at, fire)
    let timer: NodeJS.Timeout
    const arm = () => {
      const left = at - this.now()
      timer = left > 0 ? setTimeout(arm, Math.min(left, LONGEST_MS)) : setTimeout(fire, 0)
    }
    arm()
    return () => clearTimeout(timer)
  }

  /** The database said what time it was, between sending at `sentAt` and hearing now. */
  learn(sentAt: number, said: number, isForced = false): void {
    const heardAt = performance.now()
    const tripMs = heardAt - sentAt
    if (!isForced && tripMs > this.#tripMs && heardAt - this.#learntAt < BELIEVED_FOR_MS) return
    this.#offset = said - (sentAt + heardAt) / 2
    this.#tripMs = tripMs
    this.#learntAt = heardAt
  }
}
