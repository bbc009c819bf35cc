/** Inline views of runs: what each is doing (`runs`), whose key is whose (`keys`), and what waits to be taken (`inbox`). */
import { textOf } from '../errors.ts'
import { bodyOf, type Projection, type RowChange, type StoredEvent } from '../log/index.ts'
import {
  callEnded,
  messageSent,
  runAwaitedOutside,
  runCancelled,
  runCancelling,
  runClaimed,
  runDone,
  runFailed,
  runForked,
  runHalted,
  runOfInbox,
  runRestarted,
  runResumed,
  runRevived,
  runStarted,
  runStalled,
  runSuspended,
  sleepFired,
  stepCleared,
  stepResolved,
  waitAnswered,
  waitRefused,
  waitReturned,
  waitTimedOut,
} from './events.ts'

/** The run a stream belongs to, whichever chapter. */
const runOf = (stream: string): string => stream.split('~')[0] ?? stream

/** Kept with the work they are part of, out of the table's hot path: they only matter once a run was suspended. */
const BACK_TO_WORK = [sleepFired.name, waitTimedOut.name]

export const runsProjection: Projection = {
  name: 'runs',
  version: 4,
  mode: 'inline',
  kinds: [
    runStarted,
    runClaimed,
    runSuspended,
    runRevived,
    runStalled,
    runCancelling,
    runResumed,
    runDone,
    runFailed,
    runCancelled,
    runHalted,
    runRestarted,
    runForked,
    runAwaitedOutside,
    messageSent,
    sleepFired,
    waitAnswered,
    waitTimedOut,
    waitRefused,
    waitReturned,
    callEnded,
    stepCleared,
    stepResolved,
  ]
    .map((kind) => kind.name)
    .concat('store.pruned'),
  tables: {
    runs: {
      columns: {
        run: 'text',
        stream: 'text',
        chapter: 'integer',
        tenant: 'text',
        scope: 'text',
        thread: 'text',
        task: 'text',
        version: 'text',
        key: 'text',
        status: 'text',
        waiting_for: 'text',
        waiting: 'text',
        wake_at: 'integer',
        lifts: 'integer',
        parent: 'text',
        source: 'text',
        mode: 'text',
        message: 'text',
        created_at: 'integer',
        updated_at: 'integer',
        ended_at: 'integer',
        position: 'integer',
      },
      key: ['run'],
      indexes: [
        { columns: ['wake_at'], where: 'wake_at IS NOT NULL' },
        { columns: ['status', 'position'] },
        { columns: ['task', 'position'] },
        { columns: ['position'] },
        { columns: ['parent'], where: 'parent IS NOT NULL' },
      ],
    },
    keys: {
      columns: { tenant: 'text', scope: 'text', task: 'text', key: 'text', run: 'text' },
      key: ['tenant', 'scope', 'task', 'key'],
      indexes: [{ columns: ['run'] }],
    },
    inbox: {
      columns: { run: 'text', id: 'text', kind: 'text', name: 'text', position: 'integer', taken: 'integer' },
      key: ['run', 'id'],
      indexes: [{ columns: ['run', 'position'], where: 'taken IS NULL' }, { columns: ['position'] }],
    },
  },
  apply(event) {
    const { at } = event
    const run = runOf(event.stream)
    switch (event.kind) {
      case runStarted.name:
        return started(event)
      case runClaimed.name:
        return [{ patch: 'runs', set: { status: 'running', wake_at: null, updated_at: at }, where: { run } }]
      case runSuspended.name: {
        const { waits, due } = bodyOf(runSuspended, event)
        const set = {
          status: 'waiting',
          waiting_for: waits[0]?.kind ?? null,
          waiting: JSON.stringify(waits),
          wake_at: due ?? null,
          updated_at: at,
        }
        return [{ patch: 'runs', set, where: { run } }]
      }
      case runRevived.name:
        return [working(run, at)]
      case runStalled.name:
        return [{ patch: 'runs', set: { waiting_for: 'stalled', updated_at: at }, where: { run } }]
      case runAwaitedOutside.name:
        return [
          {
            patch: 'runs',
            set: { wake_at: at, waiting_for: 'await_outside_step', updated_at: at },
            where: { run },
          },
        ]
      case runForked.name: {
        // What was copied spoke of work; nobody does it yet.
        const set = { status: 'queued', waiting_for: null, waiting: null, wake_at: at, updated_at: at }
        return [{ patch: 'runs', set, where: { run } }]
      }
      case runCancelling.name:
        return [
          working(run, at),
          { patch: 'runs', set: { mode: null, message: null, lifts: 0 }, where: { run } },
          taken(run, bodyOf(runCancelling, event).message, at),
        ]
      case runResumed.name:
        return [
          {
            patch: 'runs',
            set: { status: 'running', mode: null, message: null, lifts: 0, updated_at: at },
            where: { run },
          },
          taken(run, bodyOf(runResumed, event).message, at),
        ]
      case runDone.name:
        return ended(run, at, 'done', null, null)
      case runFailed.name: {
        const { mode, e } = bodyOf(runFailed, event)
        return ended(run, at, 'failed', mode, text(e))
      }
      case runCancelled.name:
        return ended(run, at, 'cancelled', 'cancelled', bodyOf(runCancelled, event).reason)
      case runHalted.name: {
        const { mode, e } = bodyOf(runHalted, event)
        return [
          {
            patch: 'runs',
            set: {
              status: 'halted',
              waiting_for: null,
              waiting: null,
              wake_at: null,
              lifts: 1,
              mode,
              message: text(e),
              updated_at: at,
            },
            where: { run },
          },
          // A word that lifted nothing was meant for an earlier halt.
          { patch: 'inbox', set: { taken: at }, where: { run, kind: 'resume', taken: null } },
        ]
      }
      case messageSent.name:
        return sent(event)
      case waitAnswered.name:
        return [working(run, at), taken(run, bodyOf(waitAnswered, event).message, at)]
      case waitRefused.name:
        return [taken(run, bodyOf(waitRefused, event).message, at)]
      case waitReturned.name:
        return [
          { patch: 'inbox', set: { taken: null }, where: { run, id: bodyOf(waitReturned, event).message } },
        ]
      case callEnded.name:
        return [working(run, at), taken(run, bodyOf(callEnded, event).message, at)]
      case stepCleared.name: {
        const { message } = bodyOf(stepCleared, event)
        return message === undefined ? [] : [working(run, at), taken(run, message, at)]
      }
      case stepResolved.name:
        return [working(run, at), taken(run, bodyOf(stepResolved, event).message, at)]
      case 'store.pruned':
        return pruned(event)
      default:
        return BACK_TO_WORK.includes(event.kind) ? [working(run, at)] : []
    }
  },
}

const working = (run: string, at: number): RowChange => ({
  patch: 'runs',
  set: { status: 'running', waiting_for: null, waiting: null, wake_at: null, updated_at: at },
  where: { run },
})

const taken = (run: string, id: string, at: number): RowChange => ({
  patch: 'inbox',
  set: { taken: at },
  where: { run, id },
})

function ended(
  run: string,
  at: number,
  status: string,
  mode: string | null,
  message: string | null,
): RowChange[] {
  const set = {
    status,
    mode,
    message,
    waiting_for: null,
    waiting: null,
    wake_at: null,
    updated_at: at,
    ended_at: at,
  }
  return [{ patch: 'runs', set, where: { run } }]
}

const text = (e: unknown): string => (e instanceof Error ? e.message : textOf(e)).slice(0, 2000)

function started(event: StoredEvent): readonly RowChange[] {
  const body = bodyOf(runStarted, event)
  const { at, tenant } = event
  if (body.chapter > 1) {
    return [
      {
        patch: 'runs',
        set: {
          stream: event.stream,
          chapter: body.chapter,
          version: body.version,
          status: 'queued',
          waiting_for: null,
          waiting: null,
          wake_at: at,
          updated_at: at,
        },
        where: { run: body.run },
      },
    ]
  }
  const scope = body.scope ?? ''
  const row = {
    run: body.run,
    stream: event.stream,
    chapter: 1,
    tenant,
    scope,
    thread: body.thread ?? null,
    task: body.task,
    version: body.version,
    key: body.key ?? null,
    status: 'queued',
    waiting_for: null,
    waiting: null,
    wake_at: Math.max(at, body.notBefore ?? 0),
    lifts: 0,
    parent: body.parent?.run ?? null,
    source: body.source ?? null,
    mode: null,
    message: null,
    created_at: at,
    updated_at: at,
    ended_at: null,
    position: event.position,
  }
  if (body.key === undefined) return [{ insert: 'runs', row }]
  const key = { tenant, scope, task: body.task, key: body.key }
  const holds: RowChange =
    body.replaces === undefined
      ? { insert: 'keys', row: { ...key, run: body.run } }
      : { patch: 'keys', set: { run: body.run }, where: { ...key, run: body.replaces }, must: true }
  return [holds, { insert: 'runs', row }]
}

function sent(event: StoredEvent): readonly RowChange[] {
  const body = bodyOf(messageSent, event)
  const run = runOfInbox(event.stream)
  const lifts = body.kind === 'resume' || body.kind === 'cancel'
  // A message wakes its run, but only what lifts a halt wakes one that halted; a run that ended stays ended.
  const where = lifts ? { run, ended_at: null } : { run, ended_at: null, lifts: 0 }
  const lifted: RowChange[] = lifts
    ? [{ patch: 'runs', set: { status: 'queued' }, where: { run, ended_at: null, lifts: 1 } }]
    : []
  return [
    {
      insert: 'inbox',
      row: {
        run,
        id: body.id,
        kind: body.kind,
        name: body.kind === 'signal' ? body.name : null,
        position: event.position,
        taken: null,
      },
    },
    { patch: 'runs', set: { wake_at: event.at }, where },
    ...lifted,
  ]
}

function pruned(event: StoredEvent): readonly RowChange[] {
  const { streams } = bodyOf<{ readonly streams: readonly { readonly stream: string }[] }>(
    { name: 'store.pruned', version: 1, upcast: {} },
    event,
  )
  return streams
    .filter(({ stream }) => !stream.includes('/') && !stream.includes('~'))
    .flatMap(({ stream: run }): RowChange[] => [
      { remove: 'runs', where: { run } },
      { remove: 'keys', where: { run } },
      { remove: 'inbox', where: { run } },
    ])
}
