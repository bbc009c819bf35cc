/** Runs that are over: what may be removed, or moved out of the way, with all their streams. */
import type { Cell, Log, Row } from '../log/index.ts'
import { events } from '../run/index.ts'

export interface Finished {
  readonly runs: number
  /** Their chapters and inboxes. */
  readonly streams: readonly string[]
}

const AT_ONCE = 500

/** Runs that ended before a moment, some at a time. A child is left out as long as the run that called it goes on: its parent's record may still be read against it. */
export async function* finishedBefore(log: Log, before: Date): AsyncGenerator<Finished> {
  let after = 0
  for (;;) {
    const where = { ended_at: { lt: before.getTime() }, position: { gt: after } }
    const rows = await log.select('runs', { where, order: ['position'], limit: AT_ONCE })
    if (rows.length === 0) return
    after = Number(rows.at(-1)?.['position'])
    const held = await underWay(log, rows)
    const free = rows.filter((row) => !held.has(row['parent'] ?? null))
    if (free.length > 0) yield { runs: free.length, streams: free.flatMap(streamsOf) }
  }
}

function streamsOf(row: Row): string[] {
  const run = String(row['run'])
  const chapters = Array.from({ length: Number(row['chapter']) }, (_, i) => events.chapterStream(run, i + 1))
  return [...chapters, events.inboxOf(run), events.budgetOf(run)]
}

/** Those of their parents that have not ended. */
async function underWay(log: Log, rows: readonly Row[]): Promise<ReadonlySet<Cell>> {
  const parents = new Set(rows.map((row) => row['parent'] ?? null).filter((parent) => parent !== null))
  if (parents.size === 0) return parents
  const where = { run: { in: [...parents] }, ended_at: null }
  return new Set((await log.select('runs', { where, columns: ['run'] })).map((row) => row['run'] ?? null))
}
