/** Removing what is over: runs that ended before a date, with their chapters and inboxes. */
import type { Log } from '../log/index.ts'
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
    const rows = log.select('runs', { where, order: ['position'], limit: AT_ONCE })
    if (rows.length === 0) return { runs, events: removed }
    after = Number(rows.at(-1)?.['position'])
    const free = rows.filter((row) => row['parent'] === null || isOver(log, String(row['parent'])))
    runs += free.length
    if (options.isDryRun || free.length === 0) continue
    const streams = free.flatMap((row) => {
      const run = String(row['run'])
      const chapters = Array.from({ length: Number(row['chapter']) }, (_, i) =>
        events.chapterStream(run, i + 1),
      )
      return [...chapters, events.inboxOf(run)].filter((stream) => log.head(stream))
    })
    removed += (await log.prune(streams)).events
  }
}

function isOver(log: Log, runId: string): boolean {
  const [row] = log.select('runs', { where: { run: runId } })
  return row === undefined || row['ended_at'] !== null
}
