/**
 * The right to carry a store's runs: had at once, or as soon as whoever has it goes.
 *
 *     begin ─▶ asking ─▶ carrying: a dispatcher hands out runs ─▶ stopped
 *                ▲ │
 *                └─┘ somebody has it, or the store cannot be asked: again after a pause
 *
 * In a database that many processes share, each has the right beside the others, and its dispatcher says which run is whose.
 *
 * What was under way when the last owner went is woken once; that succeeds in the end, however often the store fails meanwhile.
 */
import { messageOf } from '../errors.ts'
import { InProcessDispatcher } from '../dispatch/in-process/index.ts'
import { isPassing } from '../log/index.ts'
import type { Carrier, Dispatcher, Registry, Surroundings } from '../run/index.ts'
import { interrupted } from './interrupted.ts'

export interface CarryingOptions {
  readonly surroundings: Surroundings
  readonly registry: Registry
  readonly carrier: Carrier
  readonly concurrency: number
  /** Where the store is a database that many share: what hands out runs among them. */
  readonly shared?: (() => Promise<Dispatcher | undefined>) | undefined
}

const AGAIN_AFTER_MS = 100
const AGAIN_AFTER_FAILURE_MS = 1000
/** Longer than a look at the lock takes, and shorter than anybody who opens a store notices. */
const GLANCE_MS = 5

export class Carrying {
  readonly #options: CarryingOptions
  /** Once this process carries the runs. */
  dispatcher: Dispatcher | undefined
  #isStopped = false
  #stopTimer: () => void = () => {}
  #stopLooking: () => void = () => {}
  readonly #answers = new Map<string, unknown>()
  #trying: Promise<void> = Promise.resolve()

  constructor(options: CarryingOptions) {
    this.#options = options
  }

  /** Takes the right, or goes on trying to. @throws what the store says, unless it may pass */
  async begin(): Promise<void> {
    const failed = (error: unknown) => {
      if (!isPassing(error)) throw error
    }
    await this.#try(failed)
    if (this.dispatcher || this.#options.shared) return
    // It may have met somebody who only asked whether the runs are carried (Log.isOwned).
    await new Promise((resolve) => setTimeout(resolve, GLANCE_MS))
    this.#stopTimer()
    await this.#try(failed)
  }

  /** Once the carrier has let go of its runs. */
  async close(): Promise<void> {
    await this.dispatcher?.close?.()
  }

  /** Resolves when nothing is handed out, asked or under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopTimer()
    this.#stopLooking()
    await Promise.all([this.dispatcher?.stop(), this.#trying.catch(() => {})])
  }

  #try(failed: (error: unknown) => void): Promise<void> {
    this.#trying = this.#proceed().then(
      (isDone) => {
        if (!isDone) this.#tryAgain(AGAIN_AFTER_MS)
      },
      (error: unknown) => {
        failed(error)
        this.#tryAgain(AGAIN_AFTER_FAILURE_MS)
      },
    )
    return this.#trying
  }

  #tryAgain(afterMs: number): void {
    if (this.#isStopped) return
    const { clock, logger } = this.#options.surroundings
    const failed = (error: unknown) =>
      logger.warn(`The runs of the store cannot be carried yet: ${messageOf(error)}`, { error })
    this.#stopTimer = clock.at(clock.now() + afterMs, () => void this.#try(failed))
  }

  /** False while somebody else has the right. */
  async #proceed(): Promise<boolean> {
    const { surroundings, registry, carrier, concurrency } = this.#options
    const { log, clock, logger } = surroundings
    if (this.#options.shared) {
      this.dispatcher ??= await this.#options.shared()
      if (!this.#isStopped) this.dispatcher?.start()
      return true
    }
    if (!this.dispatcher) {
      if (!(await log.tryOwn())) return false
      const { lingerMs } = surroundings.limits
      const left = await interrupted({ log, registry, clock, lingerMs, carrier, answers: this.#answers })
      if (this.#isStopped) return true
      const failed = (error: unknown) =>
        logger.warn(`What is due cannot be looked for yet: ${messageOf(error)}`, { error })
      this.dispatcher = new InProcessDispatcher({ log, clock, carrier, concurrency, failed })
      this.dispatcher.start()
      const { dispatcher } = this
      this.#stopLooking = left.wake((run) => dispatcher.wake(run))
    }
    return true
  }
}
