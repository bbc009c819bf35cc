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
import type { Asker } from './asker.ts'
import type { Database } from './database.ts'
import { LEASE_MS } from './schema.ts'

export interface MembershipOptions {
  readonly database: Database
  readonly asker: Asker
  readonly id: string
  /** For people: where it runs. */
  readonly name: string
  readonly concurrency: number
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
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
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #beating: Promise<void> = Promise.resolve()
  #heardAgain = Promise.withResolvers<void>()

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /** Puts itself on the list. @throws what the database says */
  async begin(): Promise<void> {
    const sentAt = performance.now()
    await this.#register()
    this.#confirmedAt = sentAt
    this.#timer = setTimeout(() => void this.#beat(), BEAT_MS)
  }

  /** Undefined while nobody can have taken over anything that is carried here; else a promise of when that is known again. */
  held(): Promise<void> | undefined {
    return performance.now() - this.#confirmedAt < SURE_MS ? undefined : this.#heardAgain.promise
  }

  /** Whether those who are not heard of have had time to be heard. */
  get isCalm(): boolean {
    return this.held() === undefined && performance.now() >= this.#calmFrom
  }

  /** Off the list: what is still leased to this worker is anybody's at once. */
  async end(): Promise<void> {
    this.#isOver = true
    clearTimeout(this.#timer)
    await this.#beating
    this.#heardAgain.resolve()
    const { asker, database, id } = this.#options
    await asker.ask(`UPDATE ${database.schema}.workers SET seen = '-infinity' WHERE id = $1`, [id])
    await asker.ask('SELECT pg_notify($1, $2)', [database.channel, id])
  }

  #register(): Promise<unknown> {
    const { asker, database, id, name, concurrency, tasks } = this.#options
    return asker.ask(
      `INSERT INTO ${database.schema}.workers (id, name, concurrency, tasks) VALUES ($1, $2, $3, $4::jsonb)
       ON CONFLICT (id) DO UPDATE SET seen = clock_timestamp()`,
      [id, name, concurrency, JSON.stringify(tasks)],
    )
  }

  #beat(): Promise<void> {
    this.#beating = this.#beatOnce().then((nextMs) => {
      if (!this.#isOver) this.#timer = setTimeout(() => void this.#beat(), nextMs)
    })
    return this.#beating
  }

  /** After how long the next is due. Never rejects. */
  async #beatOnce(): Promise<number> {
    const { asker, database, id, reassert, failed } = this.#options
    const { schema } = database
    const wasUnsure = this.held() !== undefined
    const sentAt = performance.now()
    try {
      const [row] = await asker.ask(
        `UPDATE ${schema}.workers w SET seen = clock_timestamp() FROM (SELECT id, seen FROM ${schema}.workers WHERE id = $1) b
         WHERE w.id = b.id RETURNING (extract(epoch FROM w.seen - b.seen) * 1000)::float8, (extract(epoch FROM w.seen) * 1000)::float8`,
        [id],
      )
      const isLate = wasUnsure || !row || Number(row[0]) > LEASE_MS - BEAT_MS / 2
      if (row) database.learn(sentAt, Number(row[1]), isLate)
      if (isLate) {
        this.#calmFrom = performance.now() + LEASE_MS
        if (!row) await this.#register()
        await reassert()
      }
      this.#confirmedAt = sentAt
      this.#failures = 0
      this.#heardAgain.resolve()
      this.#heardAgain = Promise.withResolvers()
      return Math.max(0, BEAT_MS - (performance.now() - sentAt))
    } catch (error) {
      if (++this.#failures === TOLD_FROM && !this.#isOver) failed?.(error)
      return AGAIN_MS
    }
  }
}
