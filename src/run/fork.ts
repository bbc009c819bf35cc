/**
 * A new run with the history of another up to a point.
 *
 * F1. Outcomes up to the point are copied; what was under way there begins anew, with idempotency keys of the fork.
 * F2. Ids and random numbers drawn after the point are the fork's own.
 * F3. What the original put into memory after the point is not live in the fork (memory/overlay.ts).
 */
import { eventOf, type Log, type NewEvent } from '../log/index.ts'
import { ForkPointNotFound } from './errors.ts'
import { runForked, runStarted } from './events.ts'
import { History, readChapter, type Told } from './history.ts'

export interface ForkOptions {
  readonly log: Log
  readonly runId: string
  readonly stream: string
  /** A step (`name` or `name#ordinal`), or the number of an event. */
  readonly at: string | number
  readonly newId: (prefix: string) => string
}

/** Records the fork; returns its run id. @throws {ForkPointNotFound} */
export async function fork(options: ForkOptions): Promise<string> {
  const { log, runId, stream, at, newId } = options
  const head = await log.head(stream)
  const events = head ? await readChapter(log, head) : []
  const until = pointOf(events, at)
  if (until === undefined) throw new ForkPointNotFound(runId, String(at))
  const history = new History(events.filter((event) => event.seq <= until))
  const run = newId('run')
  const { key: _key, parent: _parent, replaces: _replaces, ...carried } = history.started
  const started = eventOf(runStarted, {
    ...carried,
    run,
    chapter: 1,
    forkedFrom: { run: runId, at: String(at) },
    forks: [...(carried.forks ?? []), { run: runId, stream, seq: until }],
  })
  const copied: NewEvent[] = []
  for (const event of events) {
    if (event.seq > until || event.name === undefined) continue
    const recorded = history.operations.get(`${event.name}#${event.ordinal ?? 1}`)
    if (recorded?.outcome)
      copied.push({
        kind: event.kind,
        version: event.version,
        name: event.name,
        ordinal: event.ordinal,
        after: event.after,
        actor: event.actor,
        body: event.body,
      })
  }
  await log.commit({
    appends: [
      {
        stream: run,
        expected: { new: true },
        events: [started, ...copied, eventOf(runForked, { seed: newId('seed') })],
      },
    ],
  })
  return run
}

function pointOf(events: readonly Told[], at: string | number): number | undefined {
  if (typeof at === 'number' || /^\d+$/.test(at)) return events.find((event) => event.seq === Number(at))?.seq
  const history = new History(events)
  return (history.operations.get(at) ?? history.operations.get(`${at}#1`))?.outcome?.seq
}
