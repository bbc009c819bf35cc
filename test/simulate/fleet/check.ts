/** What must hold when all is over, read from the record itself. */
import type { Log, StoredEvent } from 'throughline'
import { doubled, ENDS, eventsOf, forgotten, groundless, keptBy, misplaced, unsound } from '../record.ts'
import type { Driver } from './driver.ts'
import type { World } from './world.ts'

interface Around {
  /** The store refuses commits now and then: what a body began before a cancellation may be recorded after it. */
  readonly hasRefusals: boolean
  readonly store: Log
  readonly driver: Driver
  readonly world: World
}

export async function check({ store, driver, world, hasRefusals }: Around): Promise<void> {
  const rows = await store.select('runs', {})
  const doubts: string[] = []
  const kept = new Map<string, readonly string[]>()
  for (const row of rows) {
    const [run, status] = [String(row['run']), String(row['status'])]
    const events = await eventsOf(store, row)
    if (run !== driver.people.forkId) doubts.push(...groundless(events))
    result(world, driver, run, status, events)
    for (const one of doubled(events, hasRefusals)) world.wrong(one)
    // A fork's copied answers were taken from another's inbox.
    if (run !== driver.people.forkId) for (const one of await misplaced(store, run, events)) world.wrong(one)
    compensations(world, run, status, events)
    kept.set(run, keptBy(events))
  }
  for (const one of await forgotten(store, kept)) world.wrong(one)
  if (doubts.length > world.thrown)
    world.wrong(`${doubts.join(', ')} came into doubt with ${world.thrown} throws, and no crash between`)
  for (const done of world.done.values())
    if (done.times > 1) world.wrong(`${done.run} ${done.mark} happened ${done.times} times`)
  onceKeys(world)
  for (const one of await unsound(store)) world.wrong(one)
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
