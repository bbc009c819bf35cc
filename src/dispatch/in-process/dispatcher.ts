/**
 * Handing out runs within one process.
 *
 * The store's index over wake-up times is the heap: one timer stands for the earliest of them, whatever their number, so that
 * ten thousand waiting runs cost rows and no memory.
 *
 * W1. The store is asked in rounds, one at a time. What is wanted while a round is under way is done by the next, which begins after
 *     it was wanted: no wake-up falls between two answers.
 * W2. A round that fails is done again after a pause, with all that was wanted of it.
 * W3. A run woken from within is handed out at once, whatever round is under way.
 */
import { isPassing, type Clock, type Log, type Row } from '../../log/index.ts'
import type { Carrier, Dispatcher } from '../../run/port.ts'
import { Alarm } from '../alarm.ts'

export interface InProcessOptions {
  readonly log: Log
  readonly clock: Clock
  readonly carrier: Carrier
  /** Runs advanced at once. A run that waits takes no place. */
  readonly concurrency: number
  /** Told why the store could not be asked; it will be again. */
  readonly failed?: (error: unknown) => void
}

const LOOK_AT_MOST = 500
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 1000
/** What was to no avail is tried again after this: the clock may have been set back meanwhile, or whatever was wrong be right. */
const TRY_AGAIN_MS = 60_000
/** After what is no mere outage. */
const LONG_PAUSE_MS = 10_000

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
  /** What the next round is to do: see which of these runs is due again, look for all that is due, set the timer. */
  readonly #rested = new Map<string, WakeUp | undefined>()
  #wantsLook = false
  #wantsArm = false
  #isStarted = false
  #isInRound = false
  #pauseMs = 0
  readonly #alarm: Alarm
  #lookedAt = 0
  #hasMore = false
  #stopPause: (() => void) | undefined
  #stopTryingAgain: (() => void) | undefined
  #stopped: (() => void)[] = []

  constructor(options: InProcessOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.clock, () => this.look())
  }

  get busy(): number {
    return this.#advancing.size + this.#ready.length + (this.#isInRound ? 1 : 0)
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
    this.#wantsLook = true
    this.#goRound()
  }

  /** A run came to rest: its wake-up may be the earliest now. */
  rearm(): void {
    this.#wantsArm = true
    this.#goRound()
  }

  stop(): Promise<void> {
    this.#isStarted = false
    this.#alarm.stop()
    this.#stopPause?.()
    this.#stopTryingAgain?.()
    this.#ready.length = 0
    this.#isReady.clear()
    return new Promise((resolve) => {
      this.#stopped.push(resolve)
      this.#settleStop()
    })
  }

  #goRound(): void {
    if (!this.#isStarted || this.#isInRound || this.#stopPause) return
    this.#isInRound = true
    setImmediate(() => void this.#round().then(() => this.#roundEnded()))
  }

  #roundEnded(): void {
    this.#isInRound = false
    if (this.#wantsLook || this.#wantsArm || this.#rested.size > 0) this.#goRound()
    this.#settleStop()
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    if (!this.#isStarted) return
    const rested = new Map(this.#rested)
    const [wantsLook, wantsArm] = [this.#wantsLook, this.#wantsArm]
    this.#rested.clear()
    this.#wantsLook = this.#wantsArm = false
    try {
      if (rested.size > 0) await this.#noteStillDue(rested)
      if (wantsLook && this.#isStarted) await this.#lookNow()
      if ((wantsLook || wantsArm) && this.#isStarted) await this.#arm()
      this.#pauseMs = 0
    } catch (error) {
      for (const [runId, wokenFor] of rested) if (!this.#rested.has(runId)) this.#rested.set(runId, wokenFor)
      this.#wantsLook ||= wantsLook
      this.#wantsArm ||= wantsArm
      this.#pause(error)
    }
  }

  #pause(error: unknown): void {
    if (!this.#isStarted) return
    const { clock, failed } = this.#options
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2))
    failed?.(error)
    const cancel = clock.at(clock.now() + (isPassing(error) ? this.#pauseMs : LONG_PAUSE_MS), () => {
      this.#stopPause = undefined
      this.#goRound()
    })
    this.#stopPause = () => {
      this.#stopPause = undefined
      cancel()
    }
  }

  async #lookNow(): Promise<void> {
    const { log, clock } = this.#options
    const now = clock.now()
    this.#lookedAt = now
    // Enough is ready already: what else is due is looked for when that is handed out.
    this.#hasMore = this.#ready.length >= LOOK_AT_MOST
    if (this.#hasMore) return
    const due = await log.select('runs', {
      where: { wake_at: { lte: now } },
      order: ['wake_at'],
      limit: 2 * LOOK_AT_MOST,
      columns: ['run', 'wake_at'],
    })
    this.#hasMore = due.length === 2 * LOOK_AT_MOST
    await this.#wakeDue(due, (runId) => this.#tried.get(runId))
  }

  /** One timer, for the earliest wake-up not looked at yet: it may have passed since. */
  async #arm(): Promise<void> {
    const { log, clock } = this.#options
    // A clock that was set back: what was looked at lies ahead again.
    this.#lookedAt = Math.min(this.#lookedAt, clock.now())
    const [next] = await log.select('runs', {
      where: { wake_at: { gt: this.#lookedAt } },
      order: ['wake_at'],
      limit: 1,
      columns: ['wake_at'],
    })
    if (this.#isStarted) this.#alarm.set(next && Number(next['wake_at']))
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
      this.#rested.set(runId, this.#wokenFor.get(runId))
      this.#wokenFor.delete(runId)
      if (isWoken) this.wake(runId)
      this.rearm()
      this.#fill()
      this.#settleStop()
    })
  }

  /**
   * A run that was advanced for a wake-up and still has it cannot be carried here: not again for a while, or until something about it
   * changes.
   * Another wake-up that is due by now passed while the run was coming to rest, and no timer stands for it.
   */
  async #noteStillDue(rested: ReadonlyMap<string, WakeUp | undefined>): Promise<void> {
    const { log, clock } = this.#options
    const ids = [...rested.keys()]
    while (ids.length > 0) {
      const due = await log.select('runs', {
        where: { run: { in: ids.splice(0, LOOK_AT_MOST) }, wake_at: { lte: clock.now() } },
        columns: ['run', 'wake_at'],
      })
      const inVain = await this.#wakeDue(due, (runId) => rested.get(runId))
      for (const runId of inVain) {
        const wokenFor = rested.get(runId)
        if (wokenFor) this.#tried.set(runId, wokenFor)
      }
      if (this.#tried.size > 0) this.#tryAgainLater()
    }
  }

  #tryAgainLater(): void {
    const { clock } = this.#options
    this.#stopTryingAgain ??= clock.at(clock.now() + TRY_AGAIN_MS, () => {
      this.#stopTryingAgain = undefined
      this.#tried.clear()
      this.look()
    })
  }

  /** Wakes these runs but those that were woken for just that before; gives the latter. */
  async #wakeDue(
    due: readonly Row[],
    before: (runId: string) => WakeUp | undefined,
  ): Promise<readonly string[]> {
    if (due.length === 0 || !this.#isStarted) return []
    const same = new Map<string, WakeUp>()
    for (const row of due) {
      const wakeUp = before(String(row['run']))
      if (wakeUp?.at === Number(row['wake_at'])) same.set(String(row['run']), wakeUp)
    }
    for (const runId of await this.#writtenTo(same)) same.delete(runId)
    // Read before any of them is advanced: what comes later than this wakes them again.
    const position = due.length > same.size ? await this.#options.log.position() : 0
    for (const row of due) {
      const [runId, at] = [String(row['run']), Number(row['wake_at'])]
      if (same.has(runId) || !this.#isStarted) continue
      this.#wokenFor.set(runId, { at, position })
      this.wake(runId)
    }
    return [...same.keys()]
  }

  /** Of these runs, those that were sent something since their wake-up. */
  async #writtenTo(wakeUps: ReadonlyMap<string, WakeUp>): Promise<readonly string[]> {
    if (wakeUps.size === 0) return []
    const since = Math.min(...[...wakeUps.values()].map(({ position }) => position))
    const rows = await this.#options.log.select('inbox', {
      where: { run: { in: [...wakeUps.keys()] }, taken: null, position: { gt: since } },
      columns: ['run', 'position'],
    })
    return rows
      .filter((row) => Number(row['position']) > (wakeUps.get(String(row['run']))?.position ?? 0))
      .map((row) => String(row['run']))
  }

  #settleStop(): void {
    if (this.#isStarted || this.#advancing.size > 0 || this.#isInRound) return
    for (const resolve of this.#stopped.splice(0)) resolve()
  }
}
