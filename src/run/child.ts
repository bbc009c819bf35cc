/** Children: runs of their own, started in the same commit as the parent's record of them. A child is a *wait* of its parent. */
import { AlreadyThere, eventOf, type Append, type NewEvent } from '../log/index.ts'
import { validate, type AnyTask, type ChildOptions, type SpawnOptions } from '../task/index.ts'
import {
  callEnded,
  callStarted,
  runStarted,
  spawnRefused,
  spawnStarted,
  inboxOf,
  messageSent,
  type RunStartedBody,
} from './events.ts'
import type { Generation } from './generation.ts'
import { read } from './history.ts'
import type { Operation } from './operation.ts'
import { limitsOf } from './limits.ts'
import { storable } from './step.ts'
import { unread } from './unread.ts'

/** A child this run started, as far as its own end concerns it. */
export interface Child {
  readonly run: string
  readonly onParentEnd: 'cancel' | 'leave'
}

export function performCall(
  generation: Generation,
  operation: Operation,
  task: AnyTask,
  input: unknown,
  options: ChildOptions,
): void {
  if (operation.recorded?.outcome) return
  const started = operation.recorded?.events.find((event) => event.kind === callStarted.name)
  if (started)
    generation.ending.children.set(operation.key, {
      run: read(callStarted, started).run,
      onParentEnd: 'cancel',
    })
  if (!generation.mayBegin(operation)) return
  if (started) return awaitChild(generation, operation, read(callStarted, started).run)
  generation.effect(async () => {
    const prepared = await prepare(generation, operation, task, input, options, true)
    if ('refused' in prepared) {
      const body = { message: '', status: 'refused', e: storable(prepared.refused) }
      return generation.settle(operation, [eventOf(callEnded, body, generation.ref(operation))])
    }
    const run = await startChild(generation, prepared, (child) =>
      eventOf(callStarted, { run: child }, generation.ref(operation)),
    )
    awaitChild(generation, operation, run, run === prepared.run)
  })
}

/** One that this run started tells it by itself; of one found under its key, or on the record, that is looked up. */
function awaitChild(generation: Generation, operation: Operation, run: string, isOwn = false): void {
  operation.child = run
  operation.waiting = { kind: 'call', name: operation.path }
  generation.ending.children.set(operation.key, { run, onParentEnd: 'cancel' })
  if (!isOwn) generation.surroundings.attach(run, generation.runId)
  generation.delivery.poke()
}

export function performSpawn(
  generation: Generation,
  operation: Operation,
  task: AnyTask,
  input: unknown,
  options: SpawnOptions,
): void {
  const { outcome } = operation.recorded ?? {}
  if (outcome) {
    if (outcome.kind === spawnStarted.name)
      generation.ending.children.set(operation.key, read(spawnStarted, outcome))
    return
  }
  if (!generation.mayBegin(operation)) return
  const onParentEnd = options.onParentEnd ?? 'leave'
  generation.effect(async () => {
    const prepared = await prepare(generation, operation, task, input, options, false)
    if ('refused' in prepared) {
      const body = { e: storable(prepared.refused) }
      return generation.settle(operation, [eventOf(spawnRefused, body, generation.ref(operation))])
    }
    const run = await startChild(
      generation,
      prepared,
      (child) => eventOf(spawnStarted, { run: child, onParentEnd }, generation.ref(operation)),
      operation,
    )
    generation.ending.children.set(operation.key, { run, onParentEnd })
  })
}

async function prepare(
  generation: Generation,
  operation: Operation,
  task: AnyTask,
  input: unknown,
  options: ChildOptions,
  isAwaited: boolean,
): Promise<RunStartedBody | { readonly refused: unknown }> {
  const { started } = generation.history
  const tooEarly = unread(generation, operation)
  if (tooEarly) return { refused: tooEarly }
  try {
    const checked = await validate(
      task.input,
      input,
      'invalid_input',
      `The input of child task "${task.name}"`,
    )
    const scope = options.scope ?? started.scope
    const boundary = limitsOf(generation)
    const body: RunStartedBody = {
      run: generation.surroundings.newId('run'),
      task: task.name,
      version: task.version,
      input: checked,
      seed: generation.surroundings.newId('seed'),
      chapter: 1,
      parent: { run: generation.runId, step: operation.key, ...(isAwaited ? { isAwaited } : {}) },
      ...(options.key === undefined ? {} : { key: options.key }),
      ...(scope === undefined ? {} : { scope }),
      ...(started.thread === undefined ? {} : { thread: started.thread }),
      ...(started.source === undefined ? {} : { source: started.source }),
      ...(started.forks === undefined ? {} : { forks: started.forks }),
      ...(boundary === undefined ? {} : { boundary }),
    }
    eventOf(runStarted, body) // an input that cannot be recorded is refused here, as an outcome
    return body
  } catch (error) {
    return { refused: error }
  }
}

/** One commit for both records. A key that is taken gives the run that has it. */
async function startChild(
  generation: Generation,
  body: RunStartedBody,
  own: (run: string) => NewEvent,
  outcomeOf?: Operation,
): Promise<string> {
  const commit = async (run: string, also: readonly Append[]) => {
    const event = own(run)
    if (outcomeOf) await generation.settle(outcomeOf, [event], also)
    else await generation.record([event], also)
    return run
  }
  try {
    const run = await commit(body.run, [
      { stream: body.run, expected: { new: true }, events: [eventOf(runStarted, body)] },
    ])
    generation.surroundings.wake(run)
    return run
  } catch (error) {
    const holder =
      error instanceof AlreadyThere && body.key !== undefined ? await keyHolder(generation, body) : undefined
    if (holder === undefined) throw error
    return commit(holder, [])
  }
}

async function keyHolder(generation: Generation, body: RunStartedBody): Promise<string | undefined> {
  const where = { tenant: 'default', scope: body.scope ?? '', task: body.task, key: body.key ?? '' }
  const [row] = await generation.patiently(() => generation.surroundings.log.select('keys', { where }))
  return row && String(row['run'])
}

/** The id of a parent's last word to its children. */
export const wordOf = (parent: string): string => `parent:${parent}`

/** A message that cancels a child because its parent ended. */
export function cancelChild(child: Child, parent: string, reason: string): Append {
  return {
    stream: inboxOf(child.run),
    expected: 'any',
    events: [eventOf(messageSent, { kind: 'cancel', id: wordOf(parent), reason })],
  }
}

const AT_ONCE = 500

/** To children that must not outlive this run, and have not ended as far as it knows. */
export async function cancelChildren(generation: Generation, reason: string): Promise<Append[]> {
  const { log } = generation.surroundings
  const children = new Map<string, Child>()
  for (const [key, child] of generation.ending.children)
    if (child.onParentEnd === 'cancel' && !generation.hasEnded(key)) children.set(child.run, child)
  const ids = [...children.keys()]
  const appends: Append[] = []
  while (ids.length > 0) {
    const run = { in: ids.splice(0, AT_ONCE) }
    const told = { run, id: wordOf(generation.runId) }
    const [alive, isTold] = await generation.patiently(() =>
      Promise.all([
        log.select('runs', { where: { run, ended_at: null, parent: generation.runId }, columns: ['run'] }),
        log.select('inbox', { where: told, columns: ['run'] }),
      ]),
    )
    const toTell = new Set(alive.map((row) => String(row['run'])))
    for (const row of isTold) toTell.delete(String(row['run']))
    for (const child of children.values())
      if (toTell.has(child.run)) appends.push(cancelChild(child, generation.runId, reason))
  }
  return appends
}
