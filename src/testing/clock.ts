/** Time that moves only when a test says so. */
import type { Clock } from '../log/index.ts'
import { durationMs, type Duration } from '../task/index.ts'

interface Timer {
  readonly at: number
  readonly fire: () => void
}

export class SimulatedClock implements Clock {
  readonly #settle: () => Promise<void>
  readonly #timers = new Set<Timer>()
  #now: number

  /** `settle` resolves when everything that can go on without time passing has gone on. */
  constructor(settle: () => Promise<void>, startsAt = Date.UTC(2026, 0, 1)) {
    this.#settle = settle
    this.#now = startsAt
  }

  now(): number {
    return this.#now
  }

  at(at: number, fire: () => void): () => void {
    const timer = { at, fire }
    this.#timers.add(timer)
    if (at <= this.#now) setImmediate(() => this.#fire(timer))
    return () => void this.#timers.delete(timer)
  }

  /** Waits in simulated time: for effects in tests. */
  sleep(duration: Duration): Promise<void> {
    return new Promise((resolve) => this.at(this.#now + durationMs(duration), resolve))
  }

  /** Moves time on, one timer after another, letting everything settle between. */
  async advance(duration: Duration): Promise<void> {
    await this.#settle()
    const until = this.#now + durationMs(duration)
    for (;;) {
      const next = this.#earliest(until)
      if (!next) break
      this.#now = Math.max(this.#now, next.at)
      this.#fire(next)
      await this.#settle()
    }
    this.#now = until
    await this.#settle()
  }

  /** Sets time, backwards too: what a machine's clock does when it is corrected. */
  jump(toMs: number): void {
    this.#now = toMs
  }

  /** Timers of a process that is gone never fire. */
  forget(): void {
    this.#timers.clear()
  }

  #earliest(until: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers)
      if (timer.at <= until && (!earliest || timer.at < earliest.at)) earliest = timer
    return earliest
  }

  #fire(timer: Timer): void {
    if (this.#timers.delete(timer)) timer.fire()
  }
}
