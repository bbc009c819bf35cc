/** Who carries runs of a store right now, for people. */
import type { Database } from './database.ts'

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

/** The living workers, the oldest first. */
export async function listWorkers(database: Database): Promise<readonly WorkerRow[]> {
  const session = await database.connect()
  try {
    const s = database.schema
    const [made] = await session.ask('SELECT to_regclass($1) IS NOT NULL', [`${s}.live_workers`])
    if (made?.[0] !== true) return []
    const rows = await session.ask(
      `SELECT w.id, w.name, (extract(epoch FROM w.started) * 1000)::float8, w.concurrency, w.tasks::text,
         (SELECT count(*) FROM ${s}.leases l WHERE l.worker = w.id) FROM ${s}.live_workers w ORDER BY w.started, w.id`,
    )
    return rows.map(([id, name, startedAt, concurrency, tasks, runs]) => ({
      id: String(id),
      name: String(name),
      startedAt: new Date(Number(startedAt)),
      concurrency: Number(concurrency),
      tasks: JSON.parse(String(tasks)) as WorkerRow['tasks'], // written by membership.ts
      runs: Number(runs),
    }))
  } catch (error) {
    throw database.errorOf(error)
  } finally {
    await session.end()
  }
}
