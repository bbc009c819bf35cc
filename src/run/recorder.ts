/** Commits of one generation: patient with a store that is busy or full, silent once the run is somebody else's. */
import { ThroughlineError } from '../errors.ts'
import {
  GuardFailed,
  OwnershipLost,
  type Append,
  type Change,
  type Committed,
  type Expected,
  type NewEvent,
} from '../log/index.ts'
import { runOfStream } from './events.ts'
import type { Generation } from './generation.ts'

/** Never settles. A fresh one each time: a shared one would hold on to every body that ever awaited it. */
export const never = (): Promise<never> => new Promise<never>(() => {})

const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 1000
/** From this pause on, people are told what is waited for. */
const TOLD_FROM_MS = 100

export class Recorder {
  readonly #generation: Generation

  constructor(generation: Generation) {
    this.#generation = generation
  }

  async record(
    expected: Expected,
    events: readonly NewEvent[],
    also: readonly Append[],
    unless?: Change['unless'],
  ): Promise<Committed> {
    const { surroundings, stream } = this.#generation
    const change: Change = { appends: [{ stream, expected, events }, ...also], ...(unless ? { unless } : {}) }
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (this.#generation.isClosed) return never()
      try {
        const committed = await surroundings.log.commit(change)
        // Who was written to has something to do now: a new child, a parent, a child that is to stop.
        for (const other of also) surroundings.wake(runOfStream(other.stream))
        return committed
      } catch (error) {
        if (error instanceof OwnershipLost) {
          this.#generation.close('fenced')
          return never()
        }
        if (error instanceof GuardFailed || !(error instanceof ThroughlineError) || !error.retryable)
          throw error
        await this.#pause(error, pauseMs)
      }
    }
  }

  #pause(error: ThroughlineError, pauseMs: number): Promise<void> {
    const { clock, logger } = this.#generation.surroundings
    if (pauseMs >= TOLD_FROM_MS) logger.warn(error.message, { run: this.#generation.runId })
    return new Promise((resolve) => clock.at(clock.now() + pauseMs, resolve))
  }
}
