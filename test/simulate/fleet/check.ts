/** What must hold when all is over, read from the record itself. */
import type { Log, StoredEvent } from 'throughline'
import type { Driver } from './driver.ts'
import type { World } from './world.ts'

const OUTCOMES: ReadonlySet<string> = new Set([
  'step.completed',
  'step.failed',
  'sleep.fired',
  'wait.answered',
  'wait.timed_out',
  'call.ended',
  'spawn.started',
  'race.settled',
])
const ENDS: ReadonlySet<string> = new Set(['run.done', 'run.failed', 'run.cancelled'])

interface Around {
  /** The store refuses commits now and then: what a body began before a cancellation may be recorded after it. */
  readonly hasRefusals: boolean
  readonly store: Log
  readonly driver: Driver
  readonly world: World
}

export async function check({ store, driver, world, hasRefusals }: Around): Promise<void> {
  const rows = await store.select('runs', {})
  let doubts = 0
  for (const row of rows) {
    const [run, status] = [String(row['run']), String(row['status'])]
    const events: StoredEvent[] = []
    for (let chapter = 1; chapter <= Number(row['chapter']); chapter++)
      for await (const page of store.read(chapter === 1 ? run : `${run}~${chapter}`)) events.push(...page)
    if (run !== driver.people.forkId) doubts += events.filter(({ kind }) => kind === 'step.in_doubt').length
    result(world, driver, run, status, events)
    outcomes(world, events, hasRefusals)
    if (run !== driver.people.forkId) await messages(world, store, run, events) // a fork's copied answers were taken from another's inbox
    compensations(world, run, status, events)
  }
  if (doubts > driver.crashes + world.thrown)
    world.wrong(`${doubts} effects were in doubt after ${driver.crashes} crashes and ${world.thrown} throws`)
  for (const done of world.done.values())
    if (done.times > 1) world.wrong(`${done.run} ${done.mark} happened ${done.times} times`)
  onceKeys(world)
  const { breaks } = await store.verify()
  for (const one of breaks) world.wrong(`the chain of ${one.stream} breaks at ${one.seq}: ${one.reason}`)
  const before = await snapshot(store)
  await store.rebuild()
  const after = await snapshot(store)
  if (before !== after) world.wrong(`rebuilt projections differ:\n${before}\n${after}`)
}

function onceKeys(world: World): void {
  const keys = new Map<string, string>()
  for (const [key, { run, mark }] of world.done) {
    const other = keys.get(`${run} ${mark}`)
    if (other !== undefined)
      world.wrong(`${run} ${mark} happened under two idempotency keys, ${other} and ${key}`)
    keys.set(`${run} ${mark}`, key)
  }
}

async function snapshot(store: Log): Promise<string> {
  const tables = await Promise.all([
    store.select('runs', { order: ['run'] }),
    store.select('keys', { order: ['run'] }),
    store.select('inbox', { order: ['position'] }),
  ])
  return tables.map((rows) => rows.map((row) => JSON.stringify(row)).join('\n')).join('\n')
}

function result(
  world: World,
  driver: Driver,
  run: string,
  status: string,
  events: readonly StoredEvent[],
): void {
  const last = events.at(-1)
  if (!last || !ENDS.has(last.kind))
    return world.wrong(
      `${run} is ${status} and its last event is ${last?.kind ?? 'none'}: ${last?.body ?? ''}`,
    )
  const known = driver.people.runs.get(run)?.expected
  const isRoot = run === driver.people.rootId || run === driver.people.forkId
  if (status === 'cancelled') {
    if (run === driver.people.rootId && !driver.people.isCancelled)
      world.wrong(`${run} was cancelled by nobody`)
    if (run === driver.people.forkId) world.wrong(`${run} was cancelled by nobody`)
    return
  }
  if (!known) return
  const wanted = known.status === 'held' ? 'cancelled' : known.status
  if (status !== wanted)
    return world.wrong(
      `${run} (${isRoot ? 'root' : 'child'}) is ${status}, should be ${wanted}: ${last.body ?? ''}`,
    )
  if (status !== 'done') return
  const { v } = JSON.parse(last.body ?? '{}') as { v: unknown }
  if (JSON.stringify(v) !== JSON.stringify(known.value))
    world.wrong(`${run} gave ${JSON.stringify(v)}, should be ${JSON.stringify(known.value)}`)
}

/** Every operation has one outcome, nothing comes after its end, and no outcome comes after the chapter's. */
function outcomes(world: World, events: readonly StoredEvent[], hasRefusals: boolean): void {
  const settled = new Set<string>()
  let ended: string | undefined
  let stopping: string | undefined
  for (const event of events) {
    if (event.seq === 1) ended = undefined
    if (ended !== undefined) world.wrong(`${event.stream} has ${event.kind} after ${ended}`)
    if (ENDS.has(event.kind) || event.kind === 'run.restarted') ended = event.kind
    if (event.kind === 'run.cancelling' || event.kind === 'run.failing') stopping = event.kind
    if (event.name === undefined) continue
    if (!hasRefusals && stopping !== undefined && event.kind === 'step.intended')
      world.wrong(`${event.stream} begins ${event.name} after ${stopping}`)
    const key = `${event.stream} ${event.name}#${event.ordinal ?? 1}`
    if (event.kind === 'wait.returned') settled.delete(key)
    else if (settled.has(key)) world.wrong(`${key} has ${event.kind} after its outcome`)
    else if (OUTCOMES.has(event.kind)) settled.add(key)
  }
}

/** What was sent is taken once, or lies there. */
async function messages(
  world: World,
  store: Log,
  run: string,
  events: readonly StoredEvent[],
): Promise<void> {
  const taken = new Map<string, number>()
  for (const event of events) {
    if (!event.kind.startsWith('wait.') || event.body === undefined) continue
    const { message } = JSON.parse(event.body) as { message?: string }
    if (message === undefined) continue
    taken.set(message, (taken.get(message) ?? 0) + (event.kind === 'wait.returned' ? -1 : 1))
  }
  const untaken = new Set<string>((JSON.parse(events.at(-1)?.body ?? '{}') as { untaken?: string[] }).untaken)
  for (const row of await store.select('inbox', { where: { run, kind: 'signal' } })) {
    const id = String(row['id'])
    const times = taken.get(id) ?? 0
    if (times > 1) world.wrong(`"${id}" of ${run} was taken ${times} times`)
    if ((times === 1) !== (row['taken'] !== null))
      world.wrong(`"${id}" of ${run} was taken ${times} times, and its row says ${String(row['taken'])}`)
    if (times > 0 && untaken.has(id))
      world.wrong(`"${id}" of ${run} was taken, and the end lists it as untaken`)
    taken.delete(id)
  }
  for (const [id, times] of taken)
    if (times !== 0) world.wrong(`"${id}" of ${run} was taken and is not in its inbox`)
}

/** A run that stopped undid what it did, newest first; one that ended well undid nothing. */
function compensations(world: World, run: string, status: string, events: readonly StoredEvent[]): void {
  const chapter = events.at(-1)?.stream
  const toUndo: string[] = []
  const undone: string[] = []
  for (const event of events) {
    if (event.stream !== chapter || event.kind !== 'step.completed' || event.name === undefined) continue
    if (event.name.startsWith('undo › ')) undone.push(event.name.slice('undo › '.length))
    else if ((JSON.parse(event.body ?? '{}') as { c?: 1 }).c === 1)
      toUndo.unshift(`${event.name}#${event.ordinal ?? 1}`)
  }
  const wanted = status === 'done' ? [] : toUndo
  if (JSON.stringify(undone) !== JSON.stringify(wanted))
    world.wrong(
      `${run} (${status}) undid ${JSON.stringify(undone)}, should have undone ${JSON.stringify(wanted)}`,
    )
}
