/** Rows of the views of runs: `runs` (what each is doing), `keys` (whose key is whose) and `inbox` (what waits to be taken). */
import { textOf } from '../errors.ts'
import { bodyOf, erasureRecorded, type Projection, type RowChange, type StoredEvent } from '../log/index.ts'
import { chapterStream, messageSent, runOfInbox, runStarted } from './events.ts'

export const RUN_TABLES: Projection['tables'] = {
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
      { columns: ['thread'], where: 'thread IS NOT NULL' },
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
}

/** The run a stream belongs to, whichever chapter. */
export const runOf = (stream: string): string => stream.split('~')[0] ?? stream

export const working = (run: string, at: number): RowChange => ({
  patch: 'runs',
  set: { status: 'running', waiting_for: null, waiting: null, wake_at: null, updated_at: at },
  where: { run },
})

export const taken = (run: string, id: string, at: number): RowChange => ({
  patch: 'inbox',
  set: { taken: at },
  where: { run, id },
})

export function ended(
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

export const text = (e: unknown): string => (e instanceof Error ? e.message : textOf(e)).slice(0, 2000)

export function started(event: StoredEvent): readonly RowChange[] {
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
  // What it replaces may have been erased since, and its key with it.
  const freed: RowChange[] =
    body.replaces === undefined ? [] : [{ remove: 'keys', where: { ...key, run: body.replaces } }]
  return [...freed, { insert: 'keys', row: { ...key, run: body.run } }, { insert: 'runs', row }]
}

export function sent(event: StoredEvent): readonly RowChange[] {
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

export function pruned(event: StoredEvent): readonly RowChange[] {
  return prunedRuns(event).flatMap((run): RowChange[] => [
    { remove: 'runs', where: { run } },
    { remove: 'keys', where: { run } },
    { remove: 'inbox', where: { run } },
  ])
}

/** The runs that a pruning removed. */
export function prunedRuns(event: StoredEvent): readonly string[] {
  const { streams } = bodyOf<{ readonly streams: readonly { readonly stream: string }[] }>(
    { name: 'store.pruned', version: 1, upcast: {} },
    event,
  )
  return streams
    .map(({ stream }) => stream)
    .filter((stream) => !stream.includes('/') && !stream.includes('~'))
}

/** What an erasure leaves of a run: where it stood among the others, and when. */
export interface ErasedRun {
  readonly run: string
  readonly task: string
  readonly version: string
  readonly scope: string
  readonly thread: string | null
  readonly parent: string | null
  readonly chapter: number
  readonly createdAt: number
  /** Before that, or by it. */
  readonly endedAt: number | null
}

export function erased(event: StoredEvent): readonly RowChange[] {
  const { left, places } = bodyOf(erasureRecorded, event)
  const runs = (left['runs'] ?? []) as readonly ErasedRun[] // written by `erase` of the memory room only
  return runs
    .filter(({ run }) => Object.hasOwn(places, run))
    .flatMap(({ run, createdAt, endedAt, chapter, task, version, scope, thread, parent }): RowChange[] => [
      { remove: 'keys', where: { run } },
      { remove: 'inbox', where: { run } },
      {
        put: 'runs',
        row: {
          run,
          stream: chapterStream(run, chapter),
          chapter,
          tenant: event.tenant,
          scope,
          thread,
          task,
          version,
          key: null,
          status: ERASED,
          waiting_for: null,
          waiting: null,
          wake_at: null,
          lifts: 0,
          parent,
          source: null,
          mode: null,
          message: null,
          created_at: createdAt,
          updated_at: event.at,
          ended_at: endedAt ?? event.at,
          position: event.position,
        },
      },
    ])
}

/** The status of a run whose record was erased. */
export const ERASED = 'erased'
