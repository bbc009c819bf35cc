/** Who carries runs of a store right now, for people. */
import type { Database, Session } from './database.ts'

export interface WorkerRow {
  readonly id: string
  /** Host and process. */
  readonly name: string
  readonly startedAt: Date
  readonly concurrency: number
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
  /** Runs it has in memory. */
  readonly runs: number
}

/** A store's database and those who carry its runs. */
export interface Deployment {
  /** Of Postgres. */
  readonly server: string
  /** Of the store's tables. */
  readonly schemaVersion: number
  readonly roundTripMs: number
  /** How long the database takes to make a commit durable. */
  readonly commitMs: number
  readonly workers: readonly WorkerRow[]
  /** Tasks with runs that have not ended, and no living worker that has code for them. */
  readonly uncarried: readonly { readonly task: string; readonly version: string; readonly runs: number }[]
}

const TIMES = 7

/** The living workers, the oldest first. */
export function listWorkers(database: Database): Promise<readonly WorkerRow[]> {
  return inSession(database, (session) => workersOf(session, database.schema))
}

/** Examines a store's database. What it writes to time a commit changes nothing. */
export function examine(database: Database): Promise<Deployment> {
  const s = database.schema
  return inSession(database, async (session) => {
    const [about] = await session.ask(
      `SELECT current_setting('server_version'), version, to_regclass($1) IS NOT NULL FROM ${s}.store`,
      [`${s}.live_workers`],
    )
    const isCarried = about?.[2] === true
    const uncarried = await session.ask(
      `SELECT task, version, count(*) FROM ${s}.runs r WHERE ended_at IS NULL ${
        isCarried
          ? `AND NOT EXISTS (SELECT 1 FROM ${s}.live_workers w
              WHERE w.tasks @> jsonb_build_array(jsonb_build_object('name', r.task, 'versions', jsonb_build_array(r.version))))`
          : ''
      } GROUP BY task, version ORDER BY task, version`,
    )
    return {
      server: String(about?.[0]),
      schemaVersion: Number(about?.[1]),
      roundTripMs: await timeOf(() => session.ask('SELECT 1')),
      commitMs: await timeOf(() => session.ask(`UPDATE ${s}.tip SET at = at`)),
      workers: await workersOf(session, s),
      uncarried: uncarried.map(([task, version, runs]) => ({
        task: String(task),
        version: String(version),
        runs: Number(runs),
      })),
    }
  })
}

async function inSession<T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await database.connect()
  try {
    return await work(session)
  } catch (error) {
    throw database.errorOf(error)
  } finally {
    await session.end()
  }
}

async function workersOf(session: Session, s: string): Promise<readonly WorkerRow[]> {
  const [made] = await session.ask('SELECT to_regclass($1) IS NOT NULL', [`${s}.live_workers`])
  if (made?.[0] !== true) return []
  const rows = await session.ask(
    `SELECT w.id, w.name, (extract(epoch FROM w.started) * 1000)::float8, w.concurrency, w.tasks::text,
       (SELECT count(*) FROM ${s}.leases l WHERE l.worker = w.id AND l.rested IS NULL) FROM ${s}.live_workers w ORDER BY w.started, w.id`,
  )
  return rows.map(([id, name, startedAt, concurrency, tasks, runs]) => ({
    id: String(id),
    name: String(name),
    startedAt: new Date(Number(startedAt)),
    concurrency: Number(concurrency),
    tasks: JSON.parse(String(tasks)) as WorkerRow['tasks'], // written by membership.ts
    runs: Number(runs),
  }))
}

/** The median of a few. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < TIMES; i++) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return times.toSorted((a, b) => a - b)[TIMES >> 1] ?? 0
}
