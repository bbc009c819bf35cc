/**
 * The right to carry a store's runs: had at once, or as soon as whoever has it goes.
 *
 *     begin ─▶ asking ─▶ carrying: a dispatcher hands out runs ─▶ stopped
 *                ▲ │
 *                └─┘ somebody has it, or the store cannot be asked: again after a pause
 *
 * What was under way when the last owner went is woken once; that succeeds in the end, however often the store fails meanwhile.
 */
import { messageOf } from '../errors.ts'
import { InProcessDispatcher } from '../dispatch/in-process/index.ts'
import { isPassing, type Query } from '../log/index.ts'
import type { Carrier, Dispatcher, Registry, Surroundings } from '../run/index.ts'

export interface CarryingOptions {
  readonly surroundings: Surroundings
  readonly registry: Registry
  readonly carrier: Carrier
  readonly concurrency: number
}

const AGAIN_AFTER_MS = 100
const AGAIN_AFTER_FAILURE_MS = 1000
/** A body in a plain await may have been at rest on the record for this long and still be at work. */
const LINGERS_MS = 60_000

export class Carrying {
  readonly #options: CarryingOptions
  /** Once this process carries the runs. */
  dispatcher: Dispatcher | undefined
  #isStopped = false
  #stopTimer: () => void = () => {}
  #trying: Promise<void> = Promise.resolve()

  constructor(options: CarryingOptions) {
    this.#options = options
  }

  /** Takes the right, or goes on trying to. @throws what the store says, unless it may pass */
  begin(): Promise<void> {
    return this.#try((error) => {
      if (!isPassing(error)) throw error
    })
  }

  /** Resolves when nothing is handed out, asked or under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopTimer()
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
    const { surroundings, carrier, concurrency } = this.#options
    const { log, clock, logger } = surroundings
    if (!this.dispatcher) {
      if (!(await log.tryOwn())) return false
      if (this.#isStopped) return true
      const failed = (error: unknown) =>
        logger.warn(`What is due cannot be looked for yet: ${messageOf(error)}`, { error })
      this.dispatcher = new InProcessDispatcher({ log, clock, carrier, concurrency, failed })
      this.dispatcher.start()
    }
    for (const run of await this.#interrupted()) this.dispatcher.wake(run)
    return true
  }

  /** What was under way when the last owner went, and what waited for code that is here now. */
  async #interrupted(): Promise<readonly string[]> {
    const { surroundings, registry } = this.#options
    const { log, limits } = surroundings
    const runs: string[] = []
    const add = async (where: NonNullable<Query['where']>) => {
      for (const row of await log.select('runs', { where, columns: ['run'] })) runs.push(String(row['run']))
    }
    await add({ status: 'running' })
    // Those put to rest last were in memory still, perhaps in an await that no record shows: they look for themselves.
    const [newest] = await log.eventsAt([await log.position()])
    const since = (newest?.at ?? 0) - Math.max(limits.lingerMs, LINGERS_MS)
    await add({ status: 'waiting', updated_at: { gte: since } })
    for (const { name, versions } of registry.carried())
      await add({ status: 'waiting', waiting_for: 'task', task: name, version: { in: versions } })
    return runs
  }
}
