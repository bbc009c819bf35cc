/** Runs that were handed out to no avail: left alone here for a while, and for longer each time. */
import type { Ticks } from '../ticks.ts'

const FIRST_MS = 10_000
const LONGEST_MS = 600_000

export class Refusals {
  readonly #runs = new Map<string, { readonly until: number; readonly pauseMs: number }>()

  readonly #ticks: Ticks

  constructor(ticks: Ticks) {
    this.#ticks = ticks
  }

  add(run: string): void {
    const pauseMs = Math.min(LONGEST_MS, (this.#runs.get(run)?.pauseMs ?? FIRST_MS / 2) * 2)
    this.#runs.set(run, { until: this.#ticks.now() + pauseMs, pauseMs })
  }

  forget(run: string): void {
    this.#runs.delete(run)
  }

  /** Those left alone right now. */
  now(): readonly string[] {
    const now = this.#ticks.now()
    const runs: string[] = []
    for (const [run, { until, pauseMs }] of this.#runs) {
      if (until > now) runs.push(run)
      else if (until + pauseMs < now) this.#runs.delete(run) // whatever was wrong is right
    }
    return runs
  }
}
