/**
 * Handing out runs within one process.
 *
 * The store's index over wake-up times is the heap: one timer stands for the earliest of them, whatever their number, so that
 * ten thousand waiting runs cost rows and no memory.
 */
import type { Clock, Log } from '../../log/index.ts'
import type { Carrier, Dispatcher } from '../../run/port.ts'

export interface InProcessOptions {
  readonly log: Log
  readonly clock: Clock
  readonly carrier: Carrier
  /** Runs advanced at once. A run that waits takes no place. */
  readonly concurrency: number
}

const LOOK_AT_MOST = 500

/** A time alone does not tell one wake-up from another: a message may come in the millisecond a timer fires. */
interface WakeUp {
  readonly at: number
  /** What was recorded by then. */
  readonly position: number
}

export class InProcessDispatcher implements Dispatcher {
  readonly #options: InProcessOptions
  readonly #ready: string[] = []
  readonly #isReady = new Set<string>()
  readonly #advancing = new Map<string, boolean>()
  /** The wake-up each run is being advanced for, and those that were to no avail. */
  readonly #wokenFor = new Map<string, WakeUp>()
  readonly #tried = new Map<string, WakeUp>()
  #isStarted = false
  #isLookScheduled = false
  #isArmScheduled = false
  #armedFor = 0
  #lookedAt = 0
  #hasMore = false
  #stopTimer: () => void = () => {}
  #stopped: (() => void)[] = []

  constructor(options: InProcessOptions) {
    this.#options = options
  }

  get busy(): number {
    return this.#advancing.size + this.#ready.length + (this.#isLookScheduled || this.#isArmScheduled ? 1 : 0)
  }

  start(): void {
    this.#isStarted = true
    this.look()
  }

  wake(runId: string): void {
    if (!this.#isStarted) return
    this.#tried.delete(runId)
    if (this.#advancing.has(runId)) {
      // One that is under way is joined; one that just let go is advanced once more.
      if (this.#options.carrier.isAdvancing(runId)) void this.#options.carrier.advance(runId)
      else this.#advancing.set(runId, true)
      return
    }
    if (!this.#isReady.has(runId)) {
      this.#isReady.add(runId)
      this.#ready.push(runId)
    }
    this.#fill()
  }

  look(): void {
    if (!this.#isStarted || this.#isLookScheduled) return
    this.#isLookScheduled = true
    setImmediate(() => {
      this.#isLookScheduled = false
      if (this.#isStarted) this.#lookNow()
      this.#settleStop()
    })
  }

  stop(): Promise<void> {
    this.#isStarted = false
    this.#stopTimer()
    this.#ready.length = 0
    this.#isReady.clear()
    return new Promise((resolve) => {
      this.#stopped.push(resolve)
      this.#settleStop()
    })
  }

  #lookNow(): void {
    const { log, clock } = this.#options
    const now = clock.now()
    this.#lookedAt = now
    // Enough is ready already: what else is due is looked for when that is handed out.
    this.#hasMore = this.#ready.length >= LOOK_AT_MOST
    if (!this.#hasMore) {
      const due = log.select('runs', {
        where: { wake_at: { lte: now } },
        order: ['wake_at'],
        limit: 2 * LOOK_AT_MOST,
        columns: ['run', 'wake_at'],
      })
      this.#hasMore = due.length === 2 * LOOK_AT_MOST
      for (const row of due) {
        const [runId, at] = [String(row['run']), Number(row['wake_at'])]
        if (!this.#isTheSame(runId, at, this.#tried.get(runId))) this.#wakeFor(runId, at)
      }
    }
    this.#arm()
  }

  /** One timer, for the earliest wake-up not looked at yet: it may have passed since. */
  #arm(): void {
    const { log, clock } = this.#options
    // A clock that was set back: what was looked at lies ahead again.
    this.#lookedAt = Math.min(this.#lookedAt, clock.now())
    const [next] = log.select('runs', {
      where: { wake_at: { gt: this.#lookedAt } },
      order: ['wake_at'],
      limit: 1,
      columns: ['wake_at'],
    })
    const at = next ? Number(next['wake_at']) : Number.POSITIVE_INFINITY
    if (at === this.#armedFor) return
    this.#stopTimer()
    this.#armedFor = at
    this.#stopTimer = next ? clock.at(at, () => this.#fired()) : () => {}
  }

  #fired(): void {
    this.#armedFor = 0
    this.look()
  }

  /** A run came to rest: its wake-up may be the earliest now. */
  rearm(): void {
    if (this.#isArmScheduled) return
    this.#isArmScheduled = true
    setImmediate(() => {
      this.#isArmScheduled = false
      if (this.#isStarted) this.#arm()
    })
  }

  #fill(): void {
    while (this.#isStarted && this.#advancing.size < this.#options.concurrency) {
      const runId = this.#ready.shift()
      if (runId === undefined) break
      this.#isReady.delete(runId)
      this.#advance(runId)
    }
    if (this.#hasMore && this.#ready.length < LOOK_AT_MOST) this.look()
  }

  #advance(runId: string): void {
    this.#advancing.set(runId, false)
    void this.#options.carrier.advance(runId).then(() => {
      const isWoken = this.#advancing.get(runId)
      this.#advancing.delete(runId)
      this.#noteIfStillDue(runId)
      if (isWoken) this.wake(runId)
      this.rearm()
      this.#fill()
      this.#settleStop()
    })
  }

  #wakeFor(runId: string, at: number): void {
    this.#wokenFor.set(runId, { at, position: this.#options.log.position() })
    this.wake(runId)
  }

  /** Whether a run that is due at `at` was woken for just that before. */
  #isTheSame(runId: string, at: number, before: WakeUp | undefined): boolean {
    if (before?.at !== at) return false
    const where = { run: runId, taken: null, position: { gt: before.position } }
    return this.#options.log.select('inbox', { where, limit: 1, columns: ['position'] }).length === 0
  }

  /**
   * A run that was advanced for a wake-up and still has it cannot be carried here: not again until something about it changes.
   * Another wake-up that is due by now passed while the run was coming to rest, and no timer stands for it.
   */
  #noteIfStillDue(runId: string): void {
    const wokenFor = this.#wokenFor.get(runId)
    this.#wokenFor.delete(runId)
    const [row] = this.#options.log.select('runs', {
      where: { run: runId, wake_at: { lte: this.#options.clock.now() } },
      columns: ['wake_at'],
    })
    const at = row && Number(row['wake_at'])
    if (at === undefined) return
    if (wokenFor && this.#isTheSame(runId, at, wokenFor)) this.#tried.set(runId, wokenFor)
    else this.#wakeFor(runId, at)
  }

  #settleStop(): void {
    if (this.#isStarted || this.#advancing.size > 0) return
    for (const resolve of this.#stopped.splice(0)) resolve()
  }
}
