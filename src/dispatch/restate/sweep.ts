/**
 * Looking for what got lost on its way: the store is the truth, and Restate is told again.
 *
 * Z1. Every wake-up that is due and every run at work is told again until somebody carries it: a run that nobody advances is found
 *     within seconds, whatever became of Restate.
 * Z2. Each time less often: twice as old, or a minute. How often is told by age alone, so that all workers send the same keys.
 * Z3. What nobody has code for is put on its record as waiting for that.
 * Z4. What no row shows is remembered here until the run has moved on: that a body went on after its run was put out of memory, or that
 *     a call was given up whose run may have been in the middle of an await outside any step.
 */
import type { Clock, Log, Query } from '../../log/index.ts'
import type { Ticks } from '../ticks.ts'
import type { Sender } from './sender.ts'
import { COLUMNS, standingOf, type Standing } from './standing.ts'

export interface SweepOptions {
  readonly log: Log
  readonly clock: Clock
  readonly ticks: Ticks
  readonly sender: Sender
  readonly random: () => number
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
  readonly isHeld: (run: string) => boolean
  /** Nobody has code for it. */
  readonly uncarried: (run: string) => void
  /** Restate does not know this worker. */
  readonly unregistered: () => void
  /** Runs that this worker has code for have been due for long, and nobody carries them. */
  readonly uncalled: () => void
  readonly failed: (error: unknown) => void
}

const EVERY_MS = 5000
/** After others wrote: whoever wrote without telling Restate is found soon. */
const SOON_MS = 300
/** Whoever committed a wake-up has told Restate by then. */
const GRACE_MS = 250
/** A carrier that is alive does not mind a call in vain; one that died has been replaced by Restate long before. */
const LOST_MS = 10_000
const UNCARRIED_MS = 3000
const UNCALLED_MS = 8000
const AT_MOST = 500
const SELDOM = 3
const LEVELS_UNTIL_MS = 60_000
const REMEMBERED = 20_000

/** A run that may have something to do which its row does not show. */
interface Remembered {
  readonly isLate: boolean
  /** As it stood when it was first looked at. */
  updatedAt?: number
}

export class Sweep {
  readonly #options: SweepOptions
  /** The key each run was last told with from here. */
  readonly #told = new Map<string, string>()
  readonly #remembered = new Map<string, Remembered>()
  #stopTimer: () => void = () => {}
  #stopSoon: (() => void) | undefined
  #isStopped = false
  #isSweeping = false
  #sweeps = 0

  constructor(options: SweepOptions) {
    this.#options = options
  }

  start(): void {
    const { ticks } = this.#options
    const next = () => {
      if (!this.#isStopped)
        this.#stopTimer = ticks.after(this.#pauseMs(), () => void this.#sweep(true).finally(next))
    }
    // What was due before this worker began is nobody's news.
    void this.#sweep(true, 0).finally(next)
  }

  /** Others wrote something. */
  look(): void {
    if (this.#isStopped) return
    this.#stopSoon ??= this.#options.ticks.after(SOON_MS, () => {
      this.#stopSoon = undefined
      void this.#sweep(false)
    })
  }

  /** Told again until the run has moved on (Z4); `isLate`: whatever its last carrier left. */
  remember(run: string, isLate: boolean): void {
    this.#remembered.set(run, { isLate: isLate || this.#remembered.get(run)?.isLate === true })
  }

  stop(): void {
    this.#isStopped = true
    this.#stopTimer()
    this.#stopSoon?.()
  }

  /** Workers that began together part. */
  #pauseMs(): number {
    return EVERY_MS * (0.6 + 0.8 * this.#options.random())
  }

  async #sweep(isThorough: boolean, graceMs = GRACE_MS): Promise<void> {
    if (this.#isStopped || this.#isSweeping) return
    this.#isSweeping = true
    try {
      const now = this.#options.clock.now()
      await this.#tell({ wake_at: { lte: now - graceMs } }, ['wake_at'], now)
      if (!isThorough) return
      await this.#tellRemembered(now)
      await this.#tell({ status: 'running', updated_at: { lte: now - LOST_MS } }, ['position'], now)
      if (this.#sweeps++ % SELDOM > 0) return
      for (const { name, versions } of this.#options.tasks) {
        const where = { status: 'waiting', waiting_for: 'task', task: name, version: { in: versions } }
        await this.#tell(where, ['position'], now)
      }
    } catch (error) {
      this.#options.failed(error)
    } finally {
      this.#isSweeping = false
    }
  }

  async #tellRemembered(now: number): Promise<void> {
    const { log, sender, isHeld, unregistered } = this.#options
    const runs = [...this.#remembered.keys()].slice(0, AT_MOST)
    if (runs.length === 0) return
    const rows = await log.select('runs', { where: { run: { in: runs }, ended_at: null }, columns: COLUMNS })
    const standings = new Map(rows.map((row) => [String(row['run']), standingOf(row)]))
    for (const run of runs) {
      const standing = standings.get(run)
      const remembered = this.#remembered.get(run)
      const before = remembered?.updatedAt ?? standing?.updatedAt
      if (!standing || !remembered || isHeld(run) || standing.updatedAt !== before) {
        this.#remembered.delete(run)
        continue
      }
      remembered.updatedAt = before
      const sent = await sender.send(standing, `s${nth(Math.max(0, now - before))}`, remembered.isLate)
      if (sent === 'unknown') unregistered() // it was carried here
    }
  }

  async #tell(where: NonNullable<Query['where']>, order: readonly string[], now: number): Promise<void> {
    const { log, isHeld } = this.#options
    const rows = await log.select('runs', {
      where: { ...where, ended_at: null },
      order,
      limit: AT_MOST,
      columns: COLUMNS,
    })
    const standings = rows.map(standingOf).filter(({ run }) => !isHeld(run))
    await Promise.all(standings.map((standing) => this.#tellOf(standing, now)))
  }

  async #tellOf(standing: Standing, now: number): Promise<void> {
    const { run, task, version, waitingFor, wakeAt, updatedAt } = standing
    const { sender, tasks, uncalled, uncarried, unregistered } = this.#options
    const isOurs = tasks.some(({ name, versions }) => name === task && versions.includes(version))
    if (waitingFor === 'task' && !isOurs) return
    const ageMs = Math.max(0, now - (wakeAt ?? updatedAt))
    const suffix = `s${nth(ageMs)}`
    const key = `${wakeAt ?? updatedAt}${suffix}`
    if (this.#told.get(run) === key) return
    const sent = await sender.send(standing, suffix)
    if (sent === 'unknown' && isOurs) unregistered()
    if (sent === 'unknown' && !isOurs && ageMs > UNCARRIED_MS) uncarried(run)
    if (sent === 'sent' && isOurs && wakeAt !== undefined && ageMs > UNCALLED_MS) uncalled()
    if (sent !== 'sent') return
    if (this.#told.size >= REMEMBERED) this.#told.clear()
    this.#told.set(run, key)
  }
}

/** Which telling of a wake-up this is, by its age (Z2). */
export function nth(ageMs: number): number {
  if (ageMs >= LEVELS_UNTIL_MS) return 100 + Math.floor(ageMs / LEVELS_UNTIL_MS)
  return Math.floor(Math.log2(Math.max(1, ageMs / GRACE_MS)))
}
