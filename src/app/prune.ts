/** Removing what is over: runs that ended before a date, with their chapters and inboxes. */
import type { Log } from '../log/index.ts'
import { finishedBefore } from './finished.ts'

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

export async function pruneRuns(log: Log, options: PruneOptions): Promise<Pruned> {
  const sum = { runs: 0, events: 0 }
  for await (const { runs, streams } of finishedBefore(log, options.before)) {
    sum.runs += runs
    if (!options.isDryRun) sum.events += (await log.prune(streams)).events
  }
  return sum
}
