/**
 * The runs this worker carries right now: one hold for each call of Restate, from its begin until the run has ended or is out of
 * memory.
 *
 *     called ─▶ a place is free ─▶ advancing ─▶ at rest, in memory ─▶ let go
 *                                     ▲              │ a message, a timer
 *                                     └──────────────┘
 *
 * O1. The call returns only when nothing of the run lives here any more: until then Restate gives the run to nobody else.
 * O2. A call that Restate gave up is made again, perhaps elsewhere. Effects in flight are given a moment to be recorded: Restate may need
 *     longer than that (when a node of it dies), and what is recorded is not in doubt. Nothing new of the run begins.
 * O3. What comes meanwhile is found in the store, by looking when it changes: a call for it would wait behind this one.
 */
import type { Clock, Log } from '../../log/index.ts'
import type { Carrier } from '../../run/port.ts'
import type { Ticks } from '../ticks.ts'
import { COLUMNS, isDue, standingOf } from './standing.ts'
import { Slots } from './slots.ts'

export interface HoldsOptions {
  readonly log: Log
  readonly clock: Clock
  readonly ticks: Ticks
  readonly carrier: Carrier
  /** Runs advanced at once. A run that waits takes no place. */
  readonly concurrency: number
  /** A call was given up. */
  readonly abandoned: (run: string) => void
  readonly failed: (error: unknown) => void
}

interface Hold {
  isAdvancing: boolean
  isWoken: boolean
  /** The wake-up it was advanced for last, and when: it takes a moment until that is off its row. */
  tried: { readonly wakeAt: number; readonly at: number } | undefined
  changed: () => void
}

/** Between two looks: a busy store commits thousands of times a second. */
const GAP_MS = 10
const AGAIN_AFTER_FAILURE_MS = 500
const SAME_AGAIN_MS = 500
const AT_ONCE = 500
/** Whether runs are still in memory is looked at this often, besides being told. */
const GLANCE_MS = 500
const GLANCE_AT_STOP_MS = 10
const LEAVING_MS = 1000

export class Holds {
  readonly #options: HoldsOptions
  readonly #slots: Slots
  readonly #held = new Map<string, Hold>()
  /** Given up, and not yet let go of. */
  readonly #leaving = new Map<string, Promise<void>>()
  #stopGlances: (() => void) | undefined
  #stopGap: (() => void) | undefined
  #isLooking = false
  #isWanted = false
  #isStopping = false
  #stopTimer: () => void = () => {}

  constructor(options: HoldsOptions) {
    this.#options = options
    this.#slots = new Slots(options.concurrency)
  }

  get size(): number {
    return this.#held.size
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  has(run: string): boolean {
    return this.#held.has(run)
  }

  /** How many are being advanced or wait for their turn. */
  get busy(): number {
    let busy = this.#slots.waiting
    for (const { isAdvancing } of this.#held.values()) if (isAdvancing) busy++
    return busy
  }

  /** Carries a run until it has ended, is out of memory, or is no longer this worker's; `signal`: Restate gave this call up. */
  async carry(run: string, signal: AbortSignal): Promise<void> {
    while (this.#leaving.has(run)) await this.#leaving.get(run)
    if (signal.aborted) return
    const hold: Hold = { isAdvancing: false, isWoken: false, tried: undefined, changed: () => {} }
    const { carrier } = this.#options
    const before = this.#held.get(run)
    this.#held.set(run, hold)
    before?.changed() // of a call that Restate gave up, and of which this worker has not heard
    const giveUp = () => this.#giveUp(run, hold)
    signal.addEventListener('abort', giveUp, { once: true })
    if (!this.#stopGlances) this.#glanceAfter(GLANCE_MS)
    try {
      do {
        hold.isWoken = false
        await this.#slots.within(async () => {
          if (this.#isStopping || this.#held.get(run) !== hold) return
          hold.isAdvancing = true
          await carrier.advance(run)
          hold.isAdvancing = false
        })
        // Given up while it was being read: what came alive of it nevertheless is nobody's.
        if (!this.#held.has(run) && !this.#leaving.has(run)) carrier.fence(run)
        while (carrier.isAdvancing(run) && !hold.isWoken && this.#held.get(run) === hold)
          await new Promise<void>((resolve) => (hold.changed = resolve))
      } while (hold.isWoken && !this.#isStopping && this.#held.get(run) === hold)
    } finally {
      signal.removeEventListener('abort', giveUp)
      if (this.#held.get(run) === hold) this.#held.delete(run)
    }
  }

  /** Asks the record, until it answers, which runs are this worker's, and lets go of the others. */
  async confirm(): Promise<void> {
    const { carrier, failed } = this.#options
    const lost = async (run: string): Promise<void> => {
      if (await carrier.confirm(run)) return
      carrier.fence(run)
      this.#held.get(run)?.changed()
    }
    for (;;) {
      try {
        await Promise.all([...this.#held.keys(), ...this.#leaving.keys()].map(lost))
        return
      } catch (error) {
        failed(error)
        await new Promise<void>((resolve) => this.#options.ticks.after(AGAIN_AFTER_FAILURE_MS, resolve))
      }
    }
  }

  /** The run has something to do, or went out of memory. False: it is not held here. */
  wake(run: string): boolean {
    const hold = this.#held.get(run)
    if (!hold) return false
    if (hold.isAdvancing && this.#options.carrier.isAdvancing(run)) void this.#options.carrier.advance(run)
    else hold.isWoken = true
    hold.changed()
    return true
  }

  released(run: string): void {
    this.#held.get(run)?.changed()
  }

  /** Something came to rest, or was written by others. */
  look(): void {
    this.#isWanted = true
    if (this.#isLooking || this.#stopGap || this.#held.size === 0 || this.#isStopping) return
    this.#goLook(GAP_MS)
  }

  /** Begins nothing more, and lets what the carrier lets go of return. */
  stop(): void {
    this.#isStopping = true
    this.#stopGap?.()
    this.#stopGlances?.()
    this.#stopTimer()
    this.#glanceAfter(GLANCE_AT_STOP_MS)
  }

  /** Restate gave this call up: the run is somebody else's, or soon is. */
  #giveUp(run: string, hold: Hold): void {
    if (this.#held.get(run) !== hold) return
    this.#held.delete(run)
    hold.changed()
    const { carrier } = this.#options
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const stop = this.#options.ticks.after(LEAVING_MS, resolve)
    const left = Promise.race([carrier.yield(run), patience]).then(() => {
      stop()
      carrier.fence(run)
      this.#leaving.delete(run)
      this.#options.abandoned(run)
    })
    this.#leaving.set(run, left)
  }

  #goLook(afterMs: number): void {
    this.#stopGap = this.#options.ticks.after(afterMs, () => {
      this.#stopGap = undefined
      this.#isWanted = false
      this.#isLooking = true
      void this.#lookNow()
        .then(
          () => GAP_MS,
          (error: unknown) => {
            this.#options.failed(error)
            this.#isWanted = true
            return AGAIN_AFTER_FAILURE_MS
          },
        )
        .then((pauseMs) => {
          this.#isLooking = false
          if (this.#isWanted && !this.#isStopping && this.#held.size > 0) this.#goLook(pauseMs)
        })
    })
  }

  async #lookNow(): Promise<void> {
    const { log, clock, ticks } = this.#options
    const held = [...this.#held.keys()]
    let next = Infinity
    while (held.length > 0 && !this.#isStopping) {
      const where = { run: { in: held.splice(0, AT_ONCE) }, wake_at: { not: null }, ended_at: null }
      const rows = await log.select('runs', { where, columns: COLUMNS })
      const now = clock.now()
      for (const row of rows) {
        const standing = standingOf(row)
        const { run, wakeAt = Infinity } = standing
        const hold = this.#held.get(run)
        if (!hold) continue
        const isJustTried = hold.tried?.wakeAt === wakeAt && ticks.now() - hold.tried.at < SAME_AGAIN_MS
        if (!isDue(standing, now) || isJustTried) next = Math.min(next, Math.max(wakeAt, now + GAP_MS))
        else {
          hold.tried = { wakeAt, at: ticks.now() }
          this.wake(run)
        }
      }
    }
    this.#stopTimer()
    if (next < Infinity && !this.#isStopping) this.#stopTimer = clock.at(next, () => this.look())
  }

  #glanceAfter(ms: number): void {
    this.#stopGlances = this.#options.ticks.after(ms, () => {
      for (const [run, hold] of this.#held) if (!this.#options.carrier.isAdvancing(run)) hold.changed()
      if (this.#held.size > 0) this.#glanceAfter(this.#isStopping ? GLANCE_AT_STOP_MS : GLANCE_MS)
      else this.#stopGlances = undefined
    })
  }
}
