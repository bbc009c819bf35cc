/**
 * Keeping projections: made when new, made anew when their version rose, caught up when they lag.
 *
 * J1. A projection is made anew beside the one in use, from the events, while others read and write. Only the last part, what came
 *     meanwhile, and the exchange of the tables, is done under the lock of writers; all of it is one transaction.
 * J2. Whoever writes says which making of the views its rows are for (`tip.views`): a program that has not seen a view made anew
 *     looks first, and an older program, whose rows would no longer fit, is told that the store is newer.
 */
import type { PoolClient } from 'pg'
import type { Position, Projection, StoredEvent } from '../../log/index.ts'
import { StoreNewer } from '../errors.ts'
import { changeRows } from './change-rows.ts'
import { ask, type Reading, type Statement, type Values } from './connection.ts'
import { Reader } from './reader.ts'
import { giveViews, mustOwn } from './roles.ts'
import { Rows } from './rows.ts'
import { lockForChange } from './schema.ts'
import { quote } from './text.ts'

export interface ProjectingOptions {
  readonly reading: Reading
  readonly schema: string
  readonly shown: string
  readonly projections: readonly Projection[]
}

type Progress = (done: number, total: number) => void
const BESIDE = '__next'

export class Projecting {
  readonly #options: ProjectingOptions

  constructor(options: ProjectingOptions) {
    this.#options = options
  }

  /** Brings the tables to what this program declares. Reads only while everything is as declared. @throws {StoreNewer} */
  async prepare(): Promise<void> {
    const { reading, projections, schema } = this.#options
    const stale = this.#stale(
      await reading.select({ text: `SELECT name, version FROM ${quote(schema)}.projections` }),
    )
    if (stale.length > 0 && projections.length > 0) await this.#rebuild((known) => this.#stale(known))
  }

  /** Makes them all anew; how many events there were. */
  async rebuild(onProgress?: Progress): Promise<number> {
    const total = onProgress ? await new Reader(this.#options.schema, this.#select).count() : 0
    return this.#rebuild(() => this.#options.projections, onProgress && ((done) => onProgress(done, total)))
  }

  /** Which making of the views this program's rows are for. @throws {StoreNewer} */
  async views(select: (statement: Statement) => Promise<readonly Values[]>): Promise<number> {
    const s = quote(this.#options.schema)
    const rows = await select({
      text: `SELECT t.views, p.name, p.version FROM ${s}.tip t LEFT JOIN ${s}.projections p ON true`,
    })
    this.#stale(rows.map(([, name, version]) => [name, version]))
    return Number(rows[0]?.[0])
  }

  /** Applies to lagging projections what has come since. */
  async catchUp(): Promise<Readonly<Record<string, Position>>> {
    const { reading, schema, projections } = this.#options
    const lagging = projections.filter((projection) => projection.mode === 'lagging')
    const reached: Record<string, Position> = {}
    for (const projection of lagging) {
      reached[projection.name] = await reading.transaction(async (client) => {
        // One at a time, whichever process; the others then find little left.
        const [row] = await ask(client, {
          text: `SELECT position FROM ${quote(schema)}.projections WHERE name = $1 FOR UPDATE`,
          values: [projection.name],
        })
        const from = Number(row?.[0] ?? 0)
        const rows = new Rows(schema, [projection])
        const last = await this.#replay(client, { from, rows, projections: [projection] })
        if (last > from) await this.#mark(client, projection, last)
        return last
      })
    }
    return reached
  }

  readonly #select = (statement: Statement): Promise<readonly Values[]> =>
    this.#options.reading.select(statement)

  /** Those that are not there yet, or of an older version. @throws {StoreNewer} */
  #stale(known: readonly Values[]): readonly Projection[] {
    const versions = new Map(known.map(([name, version]) => [name, Number(version)]))
    return this.#options.projections.filter((projection) => {
      const found = versions.get(projection.name) ?? 0
      if (found > projection.version)
        throw new StoreNewer(
          `The view "${projection.name}" of ${this.#options.shown}`,
          found,
          projection.version,
        )
      return found < projection.version
    })
  }

  #rebuild(
    which: (known: readonly Values[]) => readonly Projection[],
    each?: (done: number) => void,
  ): Promise<number> {
    const { reading, schema, shown } = this.#options
    const s = quote(schema)
    return reading.repeatable(async (client) => {
      await mustOwn(client, { schema, shown, what: 'make its views anew' })
      await lockForChange(client, schema)
      // Under the lock: another process may just have done it.
      const projections = which(await ask(client, { text: `SELECT name, version FROM ${s}.projections` }))
      if (projections.length === 0) return 0
      const beside = new Rows(schema, projections, BESIDE)
      for (const projection of projections) await beside.create(client, projection)
      let done = 0
      const counted = () => {
        done++
        each?.(done)
      }
      const most = await this.#replay(client, { from: 0, rows: beside, projections, each: counted })
      await ask(client, { text: `SELECT 1 FROM ${s}.tip FOR UPDATE`, isLong: true })
      const last = await this.#replay(client, { from: most, rows: beside, projections, each: counted })
      for (const projection of projections) {
        for (const name of Object.keys(projection.tables)) {
          await client.query(`DROP TABLE IF EXISTS ${s}.${quote(name)}`)
          await client.query(`ALTER TABLE ${s}.${quote(name + BESIDE)} RENAME TO ${quote(name)}`)
        }
        await this.#mark(client, projection, last)
      }
      await giveViews(client, schema)
      await client.query(`UPDATE ${s}.tip SET views = views + 1`)
      return done
    })
  }

  async #replay(
    client: PoolClient,
    from: {
      readonly from: Position
      readonly rows: Rows
      readonly projections: readonly Projection[]
      readonly each?: () => void
    },
  ): Promise<Position> {
    const { schema } = this.#options
    const reader = new Reader(schema, (statement) => ask(client, statement))
    const byKind = new Map<string, Projection[]>()
    for (const projection of from.projections)
      for (const kind of projection.kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), projection])
    let last = from.from
    for (;;) {
      const page: readonly StoredEvent[] = await reader.feed(last)
      await changeRows(
        client,
        schema,
        from.rows,
        page.map((event) => ({ event, projections: byKind.get(event.kind) ?? [] })),
      )
      if (from.each) page.forEach(from.each)
      last = page.at(-1)?.position ?? last
      if (page.length === 0) return last
    }
  }

  async #mark(client: PoolClient, { name, version }: Projection, position: Position): Promise<void> {
    await ask(client, {
      text: `INSERT INTO ${quote(this.#options.schema)}.projections VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version, position = EXCLUDED.position`,
      values: [name, version, position],
    })
  }
}
