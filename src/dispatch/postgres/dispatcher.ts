/**
 * Handing out runs among workers that share a store on Postgres.
 *
 *     due, or left by somebody ─▶ leased ─▶ ready ─▶ advancing ─▶ at rest (leased, in memory) ─▶ released
 *                                                       ▲              │ a message, a timer
 *                                                       └──────────────┘
 *
 * X1. A run is handed out only while this worker has its lease, and its lease is given back once it ended or is out of memory.
 * X2. Only as many are taken as there is room for; the others are left to whoever has some.
 * X3. The database is asked in rounds, one at a time. What is wanted while a round is under way is done by the next.
 * X4. Everything a notification tells is found by looking, too: at the latest a second later.
 * X5. A worker that is not sure of its leases (membership.ts) takes nothing, and what it has begins no effect.
 * X6. A run that was handed out to no avail is left to others for a while, and tried again after a pause that grows.
 *
 * Not here: that two owners cannot both commit. The epoch sees to that (docs/decisions/0020).
 */
import { isPassing, type Clock } from '../../log/index.ts'
import type { Carrier, Dispatcher } from '../../run/port.ts'
import { Alarm } from '../alarm.ts'
import { Membership } from './membership.ts'
import * as pace from './pace.ts'
import { Refusals } from './refusals.ts'
import type { Leased, Tables, Where } from './tables.ts'
import { machineTicks, type Ticks } from '../ticks.ts'

export interface PostgresOptions {
  readonly tables: Tables
  readonly clock: Clock
  readonly carrier: Carrier
  /** Runs advanced at once. A run that waits takes no place. */
  readonly concurrency: number
  /** The machine's, unless told. */
  readonly ticks?: Ticks | undefined
  /** Told why the database could not be asked; it will be again. */
  readonly failed?: (error: unknown) => void
}

interface Handed {
  readonly wakeAt: number | undefined
  readonly at: number
}

export class PostgresDispatcher implements Dispatcher {
  readonly #options: PostgresOptions
  readonly #membership: Membership
  readonly #leases: Tables['leases']
  readonly #ticks: Ticks
  readonly #held = new Set<string>()
  readonly #ready: string[] = []
  readonly #isReady = new Set<string>()
  /** True: woken again meanwhile. */
  readonly #advancing = new Map<string, boolean>()
  readonly #handed = new Map<string, Handed>()
  readonly #refusals: Refusals
  /** Woken from within, and not leased to this worker yet. */
  readonly #wanted = new Set<string>()
  /** Came back without being in memory: how does each stand? */
  readonly #returned = new Set<string>()
  readonly #released = new Set<string>()
  /** Leases that are being given back, and those that were since it was last asked which there are. */
  readonly #givingBack = new Set<string>()
  readonly #givenBack = new Set<string>()
  /** Leases found missing, until the record has been asked about them. */
  readonly #unconfirmed = new Set<string>()
  #reasserting: Promise<void> = Promise.resolve()
  #wantsLook = false
  #isPolling = false
  #polls = 0
  #isDoubtful = false
  #hasMore = false
  #isStarted = false
  #isInRound = false
  #stopGap: (() => void) | undefined
  #stopPoll: () => void = () => {}
  #pauseMs = 0
  readonly #alarm: Alarm
  #stopped: (() => void)[] = []

  constructor(options: PostgresOptions) {
    this.#options = options
    const { tables, clock, failed, ticks = machineTicks } = options
    this.#alarm = new Alarm(clock, () => this.look())
    this.#ticks = ticks
    this.#leases = tables.leases
    this.#refusals = new Refusals(ticks)
    const reassert = () => this.#reassert()
    this.#membership = new Membership({ list: tables.list, ticks, reassert, failed })
  }

  get busy(): number {
    const isLooking = this.#isInRound || (this.#isStarted && this.#stopGap !== undefined)
    return this.#advancing.size + this.#ready.length + (isLooking ? 1 : 0)
  }

  /** Puts this worker on the list. @throws what the database says */
  begin(): Promise<void> {
    return this.#membership.begin()
  }

  start(): void {
    this.#isStarted = true
    this.#poll()
  }

  #poll(): void {
    this.#isPolling = true
    this.look()
    this.#stopPoll = this.#ticks.after(pace.POLL_MS, () => this.#poll())
  }

  wake(runId: string): void {
    if (!this.#isStarted) return
    this.#refusals.forget(runId)
    if (this.#held.has(runId)) return this.#handOut({ run: runId, wakeAt: undefined })
    this.#wanted.add(runId)
    this.look()
  }

  look(): void {
    this.#wantsLook = true
    this.#goRound()
  }

  rearm(): void {
    this.look()
  }

  released(runId: string): void {
    this.#released.add(runId)
    if (this.#isStarted) this.#goRound()
  }

  held(): Promise<void> | undefined {
    return this.#membership.held()
  }

  stop(): Promise<void> {
    this.#isStarted = false
    this.#stopPoll()
    this.#stopGap?.()
    this.#stopGap = undefined
    this.#alarm.stop()
    this.#ready.length = 0
    this.#isReady.clear()
    return new Promise((resolve) => {
      this.#stopped.push(resolve)
      this.#settleStop()
    })
  }

  /** What ended or rests is released; what was at work is anybody's from now on. */
  async close(): Promise<void> {
    try {
      await this.#release()
      await this.#membership.end()
    } catch (error) {
      this.#options.failed?.(error) // its leases will run out
    }
    await this.#options.tables.close()
  }

  get #room(): number {
    return this.#options.concurrency - this.#advancing.size - this.#ready.length
  }

  #goRound(afterMs = pace.GAP_MS): void {
    if (!this.#isStarted || this.#isInRound || this.#stopGap !== undefined) return
    this.#stopGap = this.#ticks.after(afterMs, () => {
      this.#stopGap = undefined
      this.#isInRound = true
      void this.#round().then((pauseMs) => {
        this.#isInRound = false
        if (this.#wantsLook || this.#returned.size > 0 || this.#released.size > 0) this.#goRound(pauseMs)
        this.#settleStop()
      })
    })
  }

  /** How long to pause before the next. Never rejects. */
  async #round(): Promise<number> {
    const isPolling = this.#isPolling
    const wantsLook = this.#wantsLook
    this.#isPolling = this.#wantsLook = false
    try {
      if (this.#isDoubtful) await this.#reassert()
      if (this.#returned.size > 0) await this.#judge()
      await this.#release()
      if (wantsLook && this.#isStarted) await this.#lookNow(isPolling)
      this.#pauseMs = 0
      return pace.GAP_MS
    } catch (error) {
      this.#isDoubtful = true
      this.#wantsLook = true
      this.#isPolling ||= isPolling
      this.#pauseMs = Math.min(pace.LONGEST_PAUSE_MS, Math.max(pace.FIRST_PAUSE_MS, this.#pauseMs * 2))
      if (this.#pauseMs === pace.LONGEST_PAUSE_MS || !isPassing(error)) this.#options.failed?.(error)
      return isPassing(error) ? this.#pauseMs : pace.LONG_PAUSE_MS
    }
  }

  async #lookNow(isPolling: boolean): Promise<void> {
    for (const leased of await this.#leases.due()) {
      this.#held.add(leased.run)
      if (!this.#isJustTried(leased)) this.#handOut(leased)
    }
    // Not sure of what it has: nothing more (X5). What was wanted stays wanted.
    if (this.held()) return
    this.#hasMore = this.#room <= 0
    if (this.#wanted.size > 0 && this.#room > 0) {
      const wanted = [...this.#wanted].slice(0, this.#room)
      for (const run of wanted) this.#wanted.delete(run)
      await this.#take(() => this.#leases.takeThese(wanted))
    }
    await this.#takeWhere('due')
    if (this.#membership.isCalm) await this.#takeWhere('left')
    if (isPolling) await this.#lookFurther()
    await this.#arm()
  }

  /** What needs no hurry. */
  async #lookFurther(): Promise<void> {
    const nth = this.#polls++
    if (this.#membership.isCalm) await this.#takeWhere('lost')
    if (nth % pace.SELDOM === 0) await this.#takeWhere('code')
    if (nth % pace.SELDOM === 2) await this.#leases.forget()
    if (nth % pace.SELDOM === 1 && this.#membership.isCalm) await this.#takeWhere('uncarried')
    if (nth % pace.SWEEP === 2) await this.#leases.sweep()
  }

  async #takeWhere(where: Where): Promise<void> {
    const room = Math.min(this.#room, pace.TAKE_AT_MOST)
    if (room <= 0 || !this.#isStarted) return
    const taken = await this.#take(() => this.#leases.take(where, room, this.#refusals.now()))
    if (taken === room) this.#hasMore = this.#wantsLook = true
  }

  async #take(take: () => Promise<readonly Leased[]>): Promise<number> {
    const taken = await take()
    for (const leased of taken) {
      this.#held.add(leased.run)
      this.#handOut(leased)
    }
    return taken.length
  }

  #handOut({ run, wakeAt }: Leased): void {
    if (!this.#isStarted) return
    if (wakeAt !== undefined || !this.#handed.has(run))
      this.#handed.set(run, { wakeAt, at: this.#ticks.now() })
    this.#released.delete(run)
    if (this.#advancing.has(run)) {
      // One that is under way is joined; one that just let go is advanced once more.
      if (this.#options.carrier.isAdvancing(run)) void this.#options.carrier.advance(run)
      else this.#advancing.set(run, true)
      return
    }
    if (!this.#isReady.has(run)) {
      this.#isReady.add(run)
      this.#ready.push(run)
    }
    this.#fill()
  }

  #isJustTried({ run, wakeAt }: Leased): boolean {
    if (this.#isReady.has(run)) return true
    const handed = this.#handed.get(run)
    return handed?.wakeAt === wakeAt && this.#ticks.now() - (handed?.at ?? 0) < pace.SAME_AGAIN_MS
  }

  #fill(): void {
    while (this.#isStarted && this.#advancing.size < this.#options.concurrency) {
      const run = this.#ready.shift()
      if (run === undefined) break
      this.#isReady.delete(run)
      this.#advance(run)
    }
    if (this.#hasMore && this.#room > 0) this.look()
  }

  #advance(run: string): void {
    this.#advancing.set(run, false)
    const { carrier } = this.#options
    void carrier.advance(run).then(() => {
      const isWoken = this.#advancing.get(run)
      this.#advancing.delete(run)
      if (!carrier.isAdvancing(run)) this.#returned.add(run)
      if (isWoken) this.wake(run)
      this.look()
      this.#fill()
      this.#settleStop()
    })
  }

  /** Runs that came back and are not in memory: ended, at rest, somebody else's, or not to be carried here (X6). */
  async #judge(): Promise<void> {
    const runs = [...this.#returned]
    const { carrier } = this.#options
    const standings = await this.#leases.standing(runs)
    for (const one of standings) {
      const { run } = one
      this.#returned.delete(run)
      if (this.#advancing.has(run) || this.#isReady.has(run)) continue
      if (!one.isOurs) {
        this.#lose(run)
        continue
      }
      if (carrier.isAdvancing(run)) continue // in memory again: its next chapter, joined by a word from within
      if (one.isEnded || (!one.isDue && one.status !== 'running')) this.#released.add(run)
      else if (one.isDue && one.wakeAt !== this.#handed.get(run)?.wakeAt) this.#handOut(one)
      else {
        this.#refusals.add(run)
        this.#released.add(run)
      }
    }
  }

  async #release(): Promise<void> {
    const { carrier } = this.#options
    const isWanted = (run: string) =>
      carrier.isAdvancing(run) || this.#advancing.has(run) || this.#isReady.has(run)
    const runs = [...this.#released].filter((run) => !isWanted(run))
    this.#released.clear()
    if (runs.length === 0) return
    // From here on, whoever wakes one of them has to take it anew: behind this, on the same connection.
    for (const run of runs) {
      this.#forget(run)
      this.#givingBack.add(run)
    }
    try {
      await this.#leases.release(runs)
    } finally {
      for (const run of runs) {
        this.#givingBack.delete(run)
        this.#givenBack.add(run)
      }
    }
  }

  /** It is somebody else's: nothing of it goes on here, and its turn, if it still waited for one, is over. */
  #lose(run: string): void {
    this.#options.carrier.fence(run)
    this.#forget(run)
    if (this.#isReady.delete(run)) this.#ready.splice(this.#ready.indexOf(run), 1)
  }

  #forget(run: string): void {
    this.#held.delete(run)
    this.#handed.delete(run)
  }

  /** One after the other: each begins after it was wanted. */
  #reassert(): Promise<void> {
    const before = this.#reasserting
    this.#reasserting = before.catch(() => {}).then(() => this.#reassertNow())
    return this.#reasserting
  }

  /**
   * What is carried here is said anew; what others have, or had, is let go. A lease that is still there was taken by nobody. One that
   * is gone may have been lost by the database, or taken and given back by somebody who was done: the record knows.
   */
  async #reassertNow(): Promise<void> {
    const { carrier } = this.#options
    this.#givenBack.clear()
    let ours = await this.#leases.ours()
    for (const run of this.#held) if (!ours.has(run)) this.#unconfirmed.add(run)
    if (this.#unconfirmed.size > 0) {
      // Leased first, asked then: whoever takes it over from here on has to be given the lease.
      await this.#leases.sayAgain([...this.#unconfirmed])
      ours = await this.#leases.ours()
    }
    for (const run of this.#unconfirmed) {
      if (!ours.has(run) || !(await carrier.confirm(run))) {
        this.#lose(run)
        if (ours.has(run)) this.#released.add(run)
      }
      this.#unconfirmed.delete(run)
    }
    this.#isDoubtful = false
    // Taken, or meant to be released, when the answer was lost.
    for (const run of ours) {
      if (this.#held.has(run) || this.#released.has(run)) continue
      if (this.#givingBack.has(run) || this.#givenBack.has(run)) continue
      this.#held.add(run)
      this.#handOut({ run, wakeAt: undefined })
    }
  }

  async #arm(): Promise<void> {
    const at = await this.#leases.next()
    if (this.#isStarted) this.#alarm.set(at)
  }

  #settleStop(): void {
    if (this.#isStarted || this.#advancing.size > 0 || this.#isInRound) return
    for (const resolve of this.#stopped.splice(0)) resolve()
  }
}
