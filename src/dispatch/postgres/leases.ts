/**
 * The table of leases as SQL: nothing is decided by anybody's clock but the database's.
 *
 * L1. A lease is taken where there is none, where it was given back, or where its worker is not alive. The primary key settles who of
 *     two gets it.
 * L2. Rows of runs are locked while they are chosen, and skipped where somebody else does: workers that look at once get different runs.
 * L3. One that is given back is kept in mind while its run may still be at work unseen (RESTED_MS): if its worker dies, the run is left by it.
 */
import type { Asker } from './asker.ts'
import type { Database } from './database.ts'
import { RESTED_MS } from './schema.ts'
import type { Leased, LeaseTable, Standing, Where } from './tables.ts'

/** How long a run is without a worker that has its code before that is put on its record: a restart takes a moment. */
const UNCARRIED_MS = 3000

export interface LeasesOptions {
  readonly database: Database
  readonly asker: Asker
  readonly id: string
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
  /** The time, where it is moved by hand. */
  readonly now: () => number | null
}

export class Leases implements LeaseTable {
  readonly #options: LeasesOptions
  readonly #s: string
  readonly #names: readonly string[]
  readonly #versions: readonly string[]

  constructor(options: LeasesOptions) {
    this.#options = options
    this.#s = options.database.schema
    const pairs = options.tasks.flatMap(({ name, versions }) => versions.map((version) => [name, version]))
    this.#names = pairs.map(([name]) => name ?? '')
    this.#versions = pairs.map(([, version]) => version ?? '')
  }

  async take(where: Where, room: number, but: readonly string[]): Promise<readonly Leased[]> {
    return this.#take(CHOICES[where](this.#s), room, but)
  }

  async takeThese(runs: readonly string[]): Promise<readonly Leased[]> {
    return this.#take(
      `FROM ${this.#s}.runs r JOIN mine m ON m.task = r.task AND m.version = r.version
        WHERE r.run = ANY ($5::text[]) AND r.ended_at IS NULL AND ${free(this.#s)}`,
      runs.length,
      [],
      runs,
    )
  }

  async #take(
    choice: string,
    room: number,
    but: readonly string[],
    these: readonly string[] = [],
  ): Promise<readonly Leased[]> {
    const rows = await this.#ask(
      `WITH at AS (SELECT ${NOW} AS now), mine AS (SELECT * FROM unnest($3::text[], $4::text[]) AS m(task, version)),
        chosen AS (SELECT r.run, r.wake_at ${choice} AND r.run <> ALL ($6::text[]) AND $5::text[] IS NOT NULL
          ORDER BY r.wake_at LIMIT ${Math.trunc(room)} FOR UPDATE OF r SKIP LOCKED),
        taken AS (INSERT INTO ${this.#s}.leases AS l (run, worker) SELECT run, $2 FROM chosen
          ON CONFLICT (run) DO UPDATE SET worker = EXCLUDED.worker, taken = clock_timestamp(), rested = NULL
            WHERE l.rested IS NOT NULL OR NOT EXISTS (SELECT 1 FROM ${this.#s}.live_workers w WHERE w.id = l.worker) RETURNING run)
        SELECT c.run, c.wake_at FROM chosen c JOIN taken t ON t.run = c.run`,
      [this.#names, this.#versions, these, but],
    )
    return rows.map(leasedOf)
  }

  async due(): Promise<readonly Leased[]> {
    const rows = await this.#ask(
      `SELECT r.run, r.wake_at FROM ${this.#s}.runs r JOIN ${this.#s}.leases l ON l.run = r.run AND l.worker = $2 AND l.rested IS NULL WHERE r.wake_at <= ${NOW}`,
    )
    return rows.map(leasedOf)
  }

  async next(): Promise<number | undefined> {
    const [row] = await this.#ask(
      `SELECT min(wake_at) FROM ${this.#s}.runs WHERE wake_at > ${NOW} AND $2::text IS NOT NULL`,
    )
    return typeof row?.[0] === 'number' ? row[0] : undefined
  }

  async standing(runs: readonly string[]): Promise<readonly Standing[]> {
    const rows = await this.#ask(
      `SELECT x.run, r.wake_at, r.status, r.run IS NULL OR r.ended_at IS NOT NULL, coalesce(r.wake_at <= ${NOW}, false), l.run IS NOT NULL
       FROM unnest($3::text[]) x(run) LEFT JOIN ${this.#s}.runs r ON r.run = x.run
       LEFT JOIN ${this.#s}.leases l ON l.run = x.run AND l.worker = $2 AND l.rested IS NULL`,
      [runs],
    )
    return rows.map((row) => ({
      ...leasedOf(row),
      status: String(row[2]),
      isEnded: row[3] === true,
      isDue: row[4] === true,
      isOurs: row[5] === true,
    }))
  }

  async release(runs: readonly string[]): Promise<void> {
    const { asker, id } = this.#options
    const ended = `NOT EXISTS (SELECT 1 FROM ${this.#s}.runs r WHERE r.run = l.run AND r.ended_at IS NULL)`
    await asker.ask(
      `WITH over AS (DELETE FROM ${this.#s}.leases l WHERE worker = $1 AND run = ANY ($2::text[]) AND ${ended})
        UPDATE ${this.#s}.leases l SET rested = clock_timestamp() WHERE worker = $1 AND run = ANY ($2::text[]) AND NOT ${ended}`,
      [id, runs],
    )
  }

  async ours(): Promise<ReadonlySet<string>> {
    const { asker, id } = this.#options
    const rows = await asker.ask(`SELECT run FROM ${this.#s}.leases WHERE worker = $1 AND rested IS NULL`, [
      id,
    ])
    return new Set(rows.map(([run]) => String(run)))
  }

  async sayAgain(runs: readonly string[]): Promise<void> {
    const { asker, id } = this.#options
    await asker.ask(
      `INSERT INTO ${this.#s}.leases AS l (run, worker) SELECT x.run, $1 FROM unnest($2::text[]) x(run)
        ON CONFLICT (run) DO UPDATE SET worker = EXCLUDED.worker, rested = NULL WHERE l.rested IS NOT NULL`,
      [id, runs],
    )
  }

  async forget(): Promise<void> {
    const { asker, id } = this.#options
    await asker.ask(
      `DELETE FROM ${this.#s}.leases WHERE worker = $1 AND rested <= clock_timestamp() - ${RESTED}`,
      [id],
    )
  }

  async sweep(): Promise<void> {
    const { asker } = this.#options
    await asker.ask(
      `DELETE FROM ${this.#s}.leases l WHERE (rested <= clock_timestamp() - ${RESTED}
          OR NOT EXISTS (SELECT 1 FROM ${this.#s}.runs r WHERE r.run = l.run AND r.ended_at IS NULL))
        AND NOT EXISTS (SELECT 1 FROM ${this.#s}.live_workers w WHERE w.id = l.worker)`,
    )
    await asker.ask(
      `DELETE FROM ${this.#s}.workers w WHERE seen < clock_timestamp() - interval '1 minute'
        AND NOT EXISTS (SELECT 1 FROM ${this.#s}.leases l WHERE l.worker = w.id)`,
    )
  }

  #ask(text: string, values: readonly unknown[] = []): Promise<readonly (readonly unknown[])[]> {
    const { asker, id, now } = this.#options
    return asker.ask(text, [now(), id, ...values])
  }
}

const RESTED = `interval '${RESTED_MS} milliseconds'`

/** Milliseconds since 1970, by the database's clock unless time is moved by hand ($1). */
const NOW = `coalesce($1::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)`

/** Nobody alive has a lease of it. */
const free = (s: string): string =>
  `NOT EXISTS (SELECT 1 FROM ${s}.leases l JOIN ${s}.live_workers w ON w.id = l.worker WHERE l.run = r.run AND l.rested IS NULL)`

const mine = 'JOIN mine m ON m.task = r.task AND m.version = r.version'

const CHOICES: Readonly<Record<Where, (s: string) => string>> = {
  due: (s) =>
    `FROM ${s}.runs r ${mine} WHERE r.wake_at IS NOT NULL AND r.wake_at <= (SELECT now FROM at) AND ${free(s)}`,
  left: (s) =>
    `FROM ${s}.workers d JOIN ${s}.leases t ON t.worker = d.id JOIN ${s}.runs r ON r.run = t.run ${mine}
      WHERE (t.rested IS NULL OR t.rested > clock_timestamp() - ${RESTED}) AND NOT EXISTS (SELECT 1 FROM ${s}.live_workers w WHERE w.id = d.id) AND r.ended_at IS NULL AND r.status <> 'halted'`,
  lost: (s) => `FROM ${s}.runs r ${mine} WHERE r.status = 'running' AND ${free(s)}`,
  code: (s) =>
    `FROM ${s}.runs r ${mine} WHERE r.status = 'waiting' AND r.waiting_for = 'task' AND ${free(s)}`,
  uncarried: (s) =>
    `FROM ${s}.runs r WHERE (r.status = 'running' AND r.updated_at <= (SELECT now FROM at) - ${UNCARRIED_MS}
        OR r.wake_at <= (SELECT now FROM at) - ${UNCARRIED_MS} AND r.status IN ('queued', 'waiting') AND r.waiting_for IS DISTINCT FROM 'task')
      AND ${free(s)} AND NOT EXISTS (SELECT 1 FROM ${s}.live_workers w
        WHERE w.tasks @> jsonb_build_array(jsonb_build_object('name', r.task, 'versions', jsonb_build_array(r.version))))`,
}

function leasedOf([run, wakeAt]: readonly unknown[]): Leased {
  return { run: String(run), wakeAt: typeof wakeAt === 'number' ? wakeAt : undefined }
}
