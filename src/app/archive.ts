/** Moving what is over out of the way of what is written; it is read and verified as before. */
import type { Log } from '../log/index.ts'
import { BadRequest } from './errors.ts'
import { finishedBefore } from './finished.ts'

export interface ArchiveOptions {
  /** Runs that ended before this moment. */
  readonly before: Date
}

export interface Archived {
  readonly runs: number
  /** Events that were moved; those of runs that were archived before are not among them. */
  readonly events: number
}

/** @throws {BadRequest} where the store has nowhere to move anything to */
export async function archiveRuns(log: Log, options: ArchiveOptions): Promise<Archived> {
  if (!log.archive)
    throw new BadRequest(
      'Only a store on Postgres has an archive. In a file, "throughline export" keeps what "throughline prune" then removes.',
    )
  const sum = { runs: 0, events: 0 }
  for await (const { runs, streams } of finishedBefore(log, options.before)) {
    sum.runs += runs
    sum.events += (await log.archive(streams)).events
  }
  return sum
}
