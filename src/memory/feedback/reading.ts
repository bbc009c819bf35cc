/** An output, and what people said of it. */
import { bodyOf, type Log, type Row, type StoredEvent } from '../../log/index.ts'
import { events, read, RunNotFound } from '../../run/index.ts'
import type { Feedback } from '../../task/index.ts'
import { NoOutput } from './errors.ts'
import { feedbackGiven } from './events.ts'
import { pathText, replaced } from './place.ts'

export interface Finished {
  readonly row: Row
  /** As the run gave it. */
  readonly output: unknown
}

/** @throws {RunNotFound} @throws {NoOutput} */
export async function finished(log: Log, run: string): Promise<Finished> {
  const [row] = await log.select('runs', { where: { run } })
  if (!row) throw new RunNotFound(run)
  if (row['status'] !== 'done') throw new NoOutput(run, String(row['status']))
  const stream = events.chapterStream(run, Number(row['chapter']))
  const head = await log.head(stream)
  for await (const page of log.read(stream, head?.seq ?? 1)) {
    const last = page.at(-1)
    if (last?.kind === events.runDone.name) return { row, output: read(events.runDone, last).v }
  }
  throw new NoOutput(run, 'pruned')
}

/** Corrections of a run's output, oldest first. */
export async function feedbackOf(log: Log, run: string): Promise<readonly Feedback[]> {
  const rows = await log.select('feedback', { where: { run }, order: ['position'] })
  const stored = await log.eventsAt(rows.map((row) => Number(row['position'])))
  return stored.map(feedbackIn)
}

export function feedbackIn(event: StoredEvent): Feedback {
  const { id, path, was, is, because, convention, rule } = bodyOf(feedbackGiven, event)
  return {
    id,
    run: events.runOfInbox(event.stream),
    path: pathText(path),
    keys: path,
    was,
    is,
    by: event.actor ?? 'person',
    because,
    at: new Date(event.at),
    convention,
    rule,
  }
}

/** An output as people have corrected it: each correction was checked against what those before it left. */
export const correctedBy = (output: unknown, given: readonly Pick<Feedback, 'keys' | 'is'>[]): unknown =>
  given.reduce((value, { keys, is }) => replaced(value, keys, is), output)
