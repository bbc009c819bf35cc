/** Removing what is over: runs that ended before a date, with their chapters and inboxes. */
import type { Cell, Log, Row } from '../log/index.ts'
import { events } from '../run/index.ts'

export interface PruneOptions {
  /** Runs that ended before this moment. */
  readonly before: Date
  /** Say what would go, and remove nothing. */
  readonly isDryRun?: boolean
}

export interface Pruned {
  readonly runs: number
  readonly events: number
}

const AT_ONCE = 500

/** A child is kept as long as the run that called it: its parent's record may still be read against it. */
export async function pruneRuns(log: Log, options: PruneOptions): Promise<Pruned> {
  let runs = 0
  let removed = 0
  let after = 0
  for (;;) {
    const where = { ended_at: { lt: options.before.getTime() }, position: { gt: after } }
    const rows = await log.select('runs', { where, order: ['position'], limit: AT_ONCE })
    if (rows.length === 0) return { runs, events: removed }
    after = Number(rows.at(-1)?.['position'])
    const held = await underWay(log, rows)
    const free = rows.filter((row) => !held.has(row['parent'] ?? null))
    runs += free.length
    if (options.isDryRun || free.length === 0) continue
    const streams = free.flatMap((row) => {
      const run = String(row['run'])
      const chapters = Array.from({ length: Number(row['chapter']) }, (_, i) =>
        events.chapterStream(run, i + 1),
      )
      return [...chapters, events.inboxOf(run)]
    })
    removed += (await log.prune(streams)).events
  }
}

/** Those of their parents that have not ended. */
async function underWay(log: Log, rows: readonly Row[]): Promise<ReadonlySet<Cell>> {
  const parents = new Set(rows.map((row) => row['parent'] ?? null).filter((parent) => parent !== null))
  if (parents.size === 0) return parents
  const where = { run: { in: [...parents] }, ended_at: null }
  return new Set((await log.select('runs', { where, columns: ['run'] })).map((row) => row['run'] ?? null))
}
