/**
 * Being on the list of workers: one heartbeat a second, whatever the number of runs.
 *
 *     begin ─▶ sure ──(no answer for SURE_MS)──▶ unsure ─▶ heard again ─▶ said anew ─▶ sure
 *
 * M1. A lease is good while its worker was seen within LEASE_MS by the clock of the database. No worker's clock is asked; only how
 *     much time has passed is, by the monotonic one, and only to be more careful than the database is.
 * M2. Sure: so little time has passed since a heartbeat was sent that was answered, that nobody can have taken anything over. A process
 *     that was frozen, or whose network was cut, is not sure from the first instruction on, before any timer has fired.
 * M3. Whoever was late says anew what it carries (`reassert`) before it is sure again, and takes over nothing of others until they too
 *     had time to be heard: after an outage of the database everybody was late.
 *
 * Not here: that two owners cannot both commit. That is the epoch's doing (decision 20); a lease only says who tries.
 */
import { LEASE_MS } from './schema.ts'
import type { WorkerList } from './tables.ts'
import type { Ticks } from '../ticks.ts'

export interface MembershipOptions {
  readonly list: WorkerList
  readonly ticks: Ticks
  /** It was late: says anew what is carried here, and lets go of what others have taken. */
  readonly reassert: () => Promise<void>
  /** Told why the database does not answer. */
  readonly failed?: ((error: unknown) => void) | undefined
}

const BEAT_MS = 1000
const AGAIN_MS = 300
const SURE_MS = LEASE_MS - 500
/** Of this many failures in a row people are told, not of a single one. */
const TOLD_FROM = 3

export class Membership {
  readonly #options: MembershipOptions
  #confirmedAt = -Infinity
  #calmFrom = -Infinity
  #failures = 0
  #stopTimer: () => void = () => {}
  #isOver = false
  #beating: Promise<void> = Promise.resolve()
  #heardAgain = Promise.withResolvers<void>()

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /** Puts itself on the list. @throws what the database says */
  async begin(): Promise<void> {
    const { list, ticks } = this.#options
    const sentAt = ticks.now()
    await list.register()
    this.#confirmedAt = sentAt
    this.#beatAfter(BEAT_MS)
  }

  /** Undefined while nobody can have taken over anything that is carried here; else a promise of when that is known again. */
  held(): Promise<void> | undefined {
    return this.#options.ticks.now() - this.#confirmedAt < SURE_MS ? undefined : this.#heardAgain.promise
  }

  /** Whether those who are not heard of have had time to be heard. */
  get isCalm(): boolean {
    return this.held() === undefined && this.#options.ticks.now() >= this.#calmFrom
  }

  /** Off the list: what is still leased to this worker is anybody's at once. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#stopTimer()
    await this.#beating
    this.#heardAgain.resolve()
    await this.#options.list.leave()
  }

  #beatAfter(ms: number): void {
    this.#stopTimer = this.#options.ticks.after(ms, () => void this.#beat())
  }

  #beat(): Promise<void> {
    this.#beating = this.#beatOnce().then((nextMs) => {
      if (!this.#isOver) this.#beatAfter(nextMs)
    })
    return this.#beating
  }

  /** After how long the next is due. Never rejects. */
  async #beatOnce(): Promise<number> {
    const { list, ticks, reassert, failed } = this.#options
    const wasUnsure = this.held() !== undefined
    const sentAt = ticks.now()
    try {
      const heard = await list.beat()
      const isLate = wasUnsure || !heard || heard.unseenMs > LEASE_MS - BEAT_MS / 2
      if (heard) list.learn(sentAt, heard.now, isLate)
      if (isLate) {
        this.#calmFrom = ticks.now() + LEASE_MS
        if (!heard) await list.register()
        await reassert()
      }
      this.#confirmedAt = sentAt
      this.#failures = 0
      // An answer may have been so long on its way that it says nothing of now.
      if (this.held() === undefined) {
        this.#heardAgain.resolve()
        this.#heardAgain = Promise.withResolvers()
      }
      return Math.max(0, BEAT_MS - (ticks.now() - sentAt))
    } catch (error) {
      if (++this.#failures === TOLD_FROM && !this.#isOver) failed?.(error)
      return AGAIN_MS
    }
  }
}
