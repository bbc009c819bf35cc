/**
 * Taking away the versions that rows had before something was erased.
 *
 * S1. VACUUM takes a version once nobody's transaction can see it any more. Until then it is tried again, by whoever owns the tables.
 * S2. Each VACUUM goes over every table of the store, so that views are among them.
 */
import { ask, type Reading } from './connection.ts'
import { mustOwn } from './roles.ts'
import { quote } from './text.ts'

const FIRST_MS = 1000
const MOST_MS = 60_000

export class Scrubber {
  readonly #reading: Reading
  readonly #schema: string
  #running: Promise<boolean> | undefined
  #timer: NodeJS.Timeout | undefined
  #pauseMs = FIRST_MS
  #isClosed = false

  constructor(reading: Reading, schema: string) {
    this.#reading = reading
    this.#schema = schema
  }

  /** What another process left, if this one may take it up. */
  async runIfOwner(): Promise<void> {
    const [schema, what] = [this.#schema, 'vacuum them']
    try {
      await this.#reading.once((client) => mustOwn(client, { schema, shown: '', what }))
      await this.run()
    } catch {
      // Somebody else's to do, or the database is away: whoever opens the store next looks again.
    }
  }

  /** Whether nothing is left to do; if something is, it is tried again by itself. */
  async run(): Promise<boolean> {
    while (this.#running) await this.#running
    if (this.#isClosed) return false
    this.#running = this.#scrub().catch(() => false)
    const isDone = await this.#running
    this.#running = undefined
    if (!isDone) this.#later()
    return isDone
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #later(): void {
    if (this.#isClosed || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.run()
    }, this.#pauseMs).unref()
    this.#pauseMs = Math.min(MOST_MS, 2 * this.#pauseMs)
  }

  #scrub(): Promise<boolean> {
    const s = quote(this.#schema)
    return this.#reading.once(async (client) => {
      const left = await ask(client, { text: `SELECT xid::text FROM ${s}.scrubs` })
      if (left.length === 0) return true
      const [held] = await ask(client, { text: HELD, values: [left.map(([xid]) => String(xid))] })
      if (held?.[0] === true) return false
      const tables = await ask(client, {
        text: `SELECT oid::regclass::text FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'`,
        values: [s],
      })
      await client.query('SET statement_timeout = 0')
      try {
        await ask(client, {
          text: `VACUUM ${tables.map(([table]) => String(table)).join(', ')}`,
          isLong: true,
        })
      } finally {
        await client.query('RESET statement_timeout').catch(() => {})
      }
      await ask(client, {
        text: `DELETE FROM ${s}.scrubs WHERE xid::text = ANY ($1::text[])`,
        values: [left.map(([xid]) => String(xid))],
      })
      return true
    })
  }
}

/** Whether a transaction, a standby or a prepared transaction may still see what was there before. */
const HELD = `
  WITH erased AS (SELECT max(age(x::xid8::xid)) AS age FROM unnest($1::text[]) x)
  SELECT EXISTS (SELECT 1 FROM pg_stat_activity, erased WHERE pid <> pg_backend_pid() AND age(backend_xmin) >= erased.age)
      OR EXISTS (SELECT 1 FROM pg_replication_slots, erased WHERE age(xmin) >= erased.age)
      OR EXISTS (SELECT 1 FROM pg_prepared_xacts, erased WHERE age(transaction) >= erased.age)`
