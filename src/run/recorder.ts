/** What one generation asks of the store: patient while it is busy, full or out of reach, silent once the run is somebody else's. */
import {
  isPassing,
  OwnershipLost,
  patiently,
  type Append,
  type Change,
  type Committed,
  type Expected,
  type NewEvent,
} from '../log/index.ts'
import { messageSent, runOfStream, runStarted } from './events.ts'
import type { Generation } from './generation.ts'

/** Never settles. A fresh one each time: a shared one would hold on to every body that ever awaited it. */
export const never = (): Promise<never> => new Promise<never>(() => {})

/** Whether it gives a run something to do. */
const isForRun = ({ events }: Append): boolean =>
  events.some(({ kind }) => kind === messageSent.name || kind === runStarted.name)

export class Recorder {
  readonly #generation: Generation
  #isEnding = false
  /** Commits that are not answered, or were given up without an answer. */
  #underWay = 0

  constructor(generation: Generation) {
    this.#generation = generation
  }

  get isCommitting(): boolean {
    return this.#underWay > 0
  }

  async record(
    expected: Expected,
    events: readonly NewEvent[],
    also: readonly Append[],
    unless?: Change['unless'],
  ): Promise<Committed> {
    const { surroundings, stream } = this.#generation
    const change: Change = { appends: [{ stream, expected, events }, ...also], ...(unless ? { unless } : {}) }
    const isLast = typeof expected === 'object' && 'claim' in expected
    this.#isEnding ||= isLast
    try {
      const committed = await this.#commit(change)
      // Who was written to has something to do now: a new child, a parent, a child that is to stop.
      for (const other of also) if (isForRun(other)) surroundings.wake(runOfStream(other.stream))
      return committed
    } catch (error) {
      if (!(error instanceof OwnershipLost)) throw error
      // Refused for being later than this generation's own last word, or for somebody else's: of that, the last word will tell.
      if (isLast || !this.#isEnding) this.#generation.close('fenced')
      return never()
    }
  }

  /** Nearly always it succeeds at once: patience comes in only when it does not. */
  async #commit(change: Change): Promise<Committed> {
    const { log } = this.#generation.surroundings
    if (this.#generation.isClosed) return never()
    this.#underWay++
    try {
      return await log.commit(change)
    } catch (error) {
      if (!isPassing(error)) throw error
      return await this.patiently(() => log.commit(change))
    } finally {
      this.#underWay--
    }
  }

  /** Asks the store until it answers; never settles once the generation is closed. */
  patiently<T>(ask: () => Promise<T>): Promise<T> {
    const { runId: run, surroundings } = this.#generation
    const { clock, logger } = surroundings
    const isOver = () => this.#generation.isClosed
    return patiently(ask, { clock, isOver, told: (why) => logger.warn(why, { run }) })
  }
}
