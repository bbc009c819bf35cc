/** What must hold of any record, whatever happened to the processes that wrote it. */
import type { Log, StoredEvent } from 'throughline'

export type Row = Awaited<ReturnType<Log['select']>>[number]

/** Kinds of event that settle an operation: each has one, at most. */
export const OUTCOMES: ReadonlySet<string> = new Set([
  'step.completed',
  'step.failed',
  'sleep.fired',
  'wait.answered',
  'wait.timed_out',
  'call.ended',
  'spawn.started',
  'race.settled',
  'keep.done',
  'keep.refused',
])
export const ENDS: ReadonlySet<string> = new Set(['run.done', 'run.failed', 'run.cancelled'])

/** A run's events, chapter after chapter. */
export async function eventsOf(log: Log, row: Row): Promise<StoredEvent[]> {
  const run = String(row['run'])
  const events: StoredEvent[] = []
  for (let chapter = 1; chapter <= Number(row['chapter']); chapter++)
    for await (const page of log.read(chapter === 1 ? run : `${run}~${chapter}`)) events.push(...page)
  return events
}

/** Every operation has one outcome, nothing comes after its end, and no outcome comes after the chapter's. */
export function* doubled(events: readonly StoredEvent[], hasRefusals: boolean): Generator<string> {
  const settled = new Set<string>()
  let ended: string | undefined
  let stopping: string | undefined
  for (const event of events) {
    if (event.seq === 1) ended = undefined
    if (ended !== undefined) yield `${event.stream} has ${event.kind} after ${ended}`
    if (ENDS.has(event.kind) || event.kind === 'run.restarted') ended = event.kind
    if (event.kind === 'run.cancelling' || event.kind === 'run.failing') stopping = event.kind
    if (event.name === undefined) continue
    if (!hasRefusals && stopping !== undefined && event.kind === 'step.intended')
      yield `${event.stream} begins ${event.name} after ${stopping}`
    const key = `${event.stream} ${event.name}#${event.ordinal ?? 1}`
    if (event.kind === 'wait.returned') settled.delete(key)
    else if (settled.has(key)) yield `${key} has ${event.kind} after its outcome`
    else if (OUTCOMES.has(event.kind)) settled.add(key)
  }
}

/** What was sent is taken once, or lies in the inbox. */
export async function misplaced(log: Log, run: string, events: readonly StoredEvent[]): Promise<string[]> {
  const faults: string[] = []
  const taken = new Map<string, number>()
  for (const event of events) {
    if (!event.kind.startsWith('wait.') || event.body === undefined) continue
    const { message } = JSON.parse(event.body) as { message?: string }
    if (message === undefined) continue
    taken.set(message, (taken.get(message) ?? 0) + (event.kind === 'wait.returned' ? -1 : 1))
  }
  const untaken = new Set<string>((JSON.parse(events.at(-1)?.body ?? '{}') as { untaken?: string[] }).untaken)
  for (const row of await log.select('inbox', { where: { run, kind: 'signal' } })) {
    const id = String(row['id'])
    const times = taken.get(id) ?? 0
    if (times > 1) faults.push(`"${id}" of ${run} was taken ${times} times`)
    if ((times === 1) !== (row['taken'] !== null))
      faults.push(`"${id}" of ${run} was taken ${times} times, and its row says ${String(row['taken'])}`)
    if (times > 0 && untaken.has(id))
      faults.push(`"${id}" of ${run} was taken, and the end lists it as untaken`)
    taken.delete(id)
  }
  for (const [id, times] of taken)
    if (times !== 0) faults.push(`"${id}" of ${run} was taken and is not in its inbox`)
  return faults
}

/** Effects in doubt that no take-over explains: it found no intent of theirs open. */
export function groundless(events: readonly StoredEvent[]): string[] {
  const open = new Map<string, 'begun' | 'orphaned'>()
  const faults: string[] = []
  for (const event of events) {
    if (event.kind === 'run.claimed' || event.kind === 'run.started')
      for (const key of open.keys()) open.set(key, 'orphaned')
    if (event.name === undefined) continue
    const key = `${event.stream} ${event.name}#${event.ordinal ?? 1}`
    if (event.kind === 'step.intended') open.set(key, 'begun')
    else if (event.kind === 'step.in_doubt') {
      if (open.get(key) !== 'orphaned') faults.push(key)
    } else if (event.kind.startsWith('step.')) open.delete(key)
  }
  return faults
}

/** What memory holds is what runs say they put there, and the other way round. */
export async function forgotten(log: Log, said: ReadonlyMap<string, readonly string[]>): Promise<string[]> {
  const faults: string[] = []
  const rows = await log.select('items', { where: { version: 1 } })
  const there = new Set(rows.map((row) => String(row['item'])))
  for (const row of rows) {
    const [item, run] = [String(row['item']), String(row['run'])]
    const times = said.get(run)?.filter((one) => one === item).length ?? 0
    if (times !== 1) faults.push(`${item} is in memory, and ${run} says so ${times} times`)
  }
  for (const [run, items] of said)
    for (const item of items) if (!there.has(item)) faults.push(`${run} kept ${item}, which is not in memory`)
  return faults
}

/** The items a run says it kept. */
export function keptBy(events: readonly StoredEvent[]): string[] {
  return events
    .filter(({ kind, name }) => kind === 'keep.done' && /(^| › )decide /.test(name ?? ''))
    .map(({ body }) => (JSON.parse(body ?? '{}') as { v: { id: string } }).v.id)
}

/** Every chain verifies, and the views are what the events say. */
export async function unsound(log: Log): Promise<string[]> {
  const { breaks } = await log.verify()
  const faults = breaks.map((one) => `the chain of ${one.stream} breaks at ${one.seq}: ${one.reason}`)
  const before = await views(log)
  await log.rebuild()
  const after = await views(log)
  if (before !== after) faults.push(`rebuilt projections differ:\n${before}\n${after}`)
  return faults
}

async function views(log: Log): Promise<string> {
  const tables = await Promise.all([
    log.select('runs', { order: ['run'] }),
    log.select('keys', { order: ['run'] }),
    log.select('inbox', { order: ['position'] }),
    log.select('items', { order: ['position'] }),
    log.select('item_links', { order: ['item', 'type', 'target'] }),
  ])
  return tables.map((rows) => rows.map((row) => JSON.stringify(row)).join('\n')).join('\n')
}
