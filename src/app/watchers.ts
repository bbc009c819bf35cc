/** Those who wait for runs to end: told at once by this process, found by looking when another one carries the run. */
import { patiently, type Clock, type Log } from '../log/index.ts'
import type { ContextLog } from '../task/index.ts'

const AT_ONCE = 500
const OVER = ['done', 'failed', 'cancelled', 'halted', 'erased']

export interface WatchersOptions {
  readonly log: Log
  readonly clock: Clock
  readonly logger: ContextLog
}

export class Watchers {
  readonly #options: WatchersOptions
  readonly #waiting = new Map<string, Set<() => void>>()
  readonly #stop: () => void
  #isLooking = false
  #isWanted = false
  isClosed = false

  constructor(options: WatchersOptions) {
    this.#options = options
    this.#stop = options.log.onCommit((isOurs) => {
      if (!isOurs && this.#waiting.size > 0) this.#look()
    })
  }

  /** Calls `over` once the run ends or halts from now on: look at the run after this. Returns what stops it. */
  watch(runId: string, over: () => void): () => void {
    const watching = this.#waiting.get(runId) ?? new Set()
    this.#waiting.set(runId, watching.add(over))
    return () => {
      watching.delete(over)
      if (watching.size === 0 && this.#waiting.get(runId) === watching) this.#waiting.delete(runId)
    }
  }

  tell(runId: string): void {
    const waiting = this.#waiting.get(runId)
    this.#waiting.delete(runId)
    for (const over of waiting ?? []) over()
  }

  /** Those still waiting are told that there is nothing more to wait for. */
  close(): void {
    this.isClosed = true
    this.#stop()
    for (const runId of [...this.#waiting.keys()]) this.tell(runId)
  }

  /** One look at a time; what is committed during one is seen by the next. */
  #look(): void {
    this.#isWanted = true
    if (this.#isLooking) return
    this.#isLooking = true
    void this.#lookAll().finally(() => (this.#isLooking = false))
  }

  async #lookAll(): Promise<void> {
    const { clock, logger } = this.#options
    const patience = { clock, isOver: () => this.isClosed, told: (why: string) => logger.warn(why) }
    try {
      while (this.#isWanted) {
        this.#isWanted = false
        await patiently(() => this.#lookOnce(), patience)
      }
    } catch (error) {
      if (!this.isClosed) logger.error('Those who wait for runs cannot be told of their ends.', { error })
    }
  }

  async #lookOnce(): Promise<void> {
    const ids = [...this.#waiting.keys()]
    while (ids.length > 0) {
      const where = { run: { in: ids.splice(0, AT_ONCE) }, status: { in: OVER } }
      for (const row of await this.#options.log.select('runs', { where, columns: ['run'] }))
        this.tell(String(row['run']))
    }
  }
}

/** Ended, or halted: whoever waits for the run is told. */
export function isOver(status: unknown): boolean {
  return OVER.includes(String(status))
}
