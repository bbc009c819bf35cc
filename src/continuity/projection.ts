/**
 * Threads, plans, briefs and who acknowledged them, as they can be asked for.
 *
 * P1. A version of a thread is there once: whoever makes the same one a moment later is refused with all of its commit. A handoff is
 *     taken once in the same way.
 */
import { bodyOf, erasureRecorded, type Projection, type RowChange, type StoredEvent } from '../log/index.ts'
import { events, prunedRuns } from '../run/index.ts'
import {
  briefAcknowledged,
  briefMade,
  handoffOffered,
  handoffTaken,
  handoffWithdrawn,
  threadRecorded,
} from './events.ts'
import { DONE, SET, type PlanSet, type PlanStepDone } from './plan.ts'

export const continuityProjection: Projection = {
  name: 'continuity',
  version: 3,
  mode: 'inline',
  kinds: [
    threadRecorded,
    briefMade,
    briefAcknowledged,
    handoffOffered,
    handoffTaken,
    handoffWithdrawn,
    events.keepDone,
    erasureRecorded,
  ]
    .map((kind) => kind.name)
    .concat('store.pruned'),
  tables: {
    threads: {
      columns: {
        thread: 'text',
        version: 'integer',
        tenant: 'text',
        state: 'text',
        scope: 'text',
        due_at: 'integer',
        recorded_at: 'integer',
        replaced_at: 'integer',
        position: 'integer',
      },
      key: ['thread', 'version'],
      indexes: [{ columns: ['state', 'position'], where: 'replaced_at IS NULL' }, { columns: ['position'] }],
    },
    plans: {
      columns: {
        run: 'text',
        step: 'text',
        place: 'integer',
        title: 'text',
        done_at: 'integer',
        note: 'text',
      },
      key: ['run', 'step'],
    },
    briefs: {
      columns: { brief: 'text', tenant: 'text', subject: 'text', digest: 'text', position: 'integer' },
      key: ['brief'],
    },
    acknowledgements: {
      columns: { subject: 'text', reader: 'text', brief: 'text', at: 'integer', position: 'integer' },
      key: ['subject', 'reader'],
    },
    handoffs: {
      columns: {
        handoff: 'text',
        tenant: 'text',
        run: 'text',
        for: 'text',
        reason: 'text',
        note: 'text',
        wait: 'text',
        offered_at: 'integer',
        taken_by: 'text',
        over_at: 'integer',
        position: 'integer',
      },
      key: ['handoff'],
      indexes: [
        { columns: ['run'], where: 'over_at IS NULL' },
        { columns: ['position'], where: 'over_at IS NULL' },
      ],
    },
  },
  apply(event) {
    switch (event.kind) {
      case threadRecorded.name:
        return threadChanges(event)
      case briefMade.name: {
        const { brief, subject, digest } = bodyOf(briefMade, event)
        const row = { brief, tenant: event.tenant, subject, digest, position: event.position }
        return [{ insert: 'briefs', row }]
      }
      case briefAcknowledged.name: {
        const { subject, reader, brief } = bodyOf(briefAcknowledged, event)
        const row = { subject, reader, brief, at: event.at, position: event.position }
        return [{ put: 'acknowledgements', row }]
      }
      case handoffOffered.name: {
        const { to, note = null, ...offered } = bodyOf(handoffOffered, event)
        const { tenant, at, position } = event
        const row = {
          ...offered,
          note,
          tenant,
          for: to,
          offered_at: at,
          taken_by: null,
          over_at: null,
          position,
        }
        return [{ insert: 'handoffs', row }]
      }
      case handoffTaken.name: {
        const { handoff, by } = bodyOf(handoffTaken, event)
        const set = { taken_by: by, over_at: event.at }
        return [{ patch: 'handoffs', set, where: { handoff, over_at: null }, must: true }]
      }
      case handoffWithdrawn.name: {
        const { handoff } = bodyOf(handoffWithdrawn, event)
        return [
          { patch: 'handoffs', set: { over_at: event.at }, where: { handoff, over_at: null }, must: true },
        ]
      }
      case erasureRecorded.name:
        return erased(event)
      case 'store.pruned':
        return prunedRuns(event).map((run) => ({ remove: 'plans', where: { run } }))
      default:
        return planChanges(event)
    }
  },
}

function threadChanges(event: StoredEvent): readonly RowChange[] {
  const { thread } = bodyOf(threadRecorded, event)
  const row = {
    thread: thread.id,
    version: thread.version,
    tenant: event.tenant,
    state: thread.state ?? 'open',
    scope: thread.scope ?? '',
    due_at: thread.dueAt?.getTime() ?? null,
    recorded_at: event.at,
    replaced_at: null,
    position: event.position,
  }
  const where = { thread: thread.id, version: thread.version - 1 }
  return [
    { insert: 'threads', row },
    ...(thread.version > 1
      ? [{ patch: 'threads', set: { replaced_at: event.at }, where, must: true } as const]
      : []),
  ]
}

/** Briefs and plans that went with an erasure. */
function erased(event: StoredEvent): readonly RowChange[] {
  const { left } = bodyOf(erasureRecorded, event)
  const briefs = (left['briefs'] ?? []) as readonly string[] // written by the memory room only
  const handoffs = (left['handoffs'] ?? []) as readonly string[]
  const runs = (left['runs'] ?? []) as readonly { readonly run: string }[]
  return [
    ...briefs.flatMap((subject): RowChange[] => [
      { remove: 'briefs', where: { subject } },
      { remove: 'acknowledgements', where: { subject } },
    ]),
    ...handoffs.map((handoff): RowChange => ({ remove: 'handoffs', where: { handoff } })),
    ...runs.map(({ run }): RowChange => ({ remove: 'plans', where: { run } })),
  ]
}

/** Everything that features keep comes here; a plan is known by the name of its operation. */
function planChanges(event: StoredEvent): readonly RowChange[] {
  const name = event.name?.split(' › ').at(-1) ?? ''
  const run = events.runOfStream(event.stream)
  if (name === SET) {
    const { plan } = bodyOf(events.keepDone, event).v as PlanSet // only `ctx.plan` has operations of this name
    return [
      { remove: 'plans', where: { run } },
      ...plan.map(({ id, title, doneAt, note }, place): RowChange => ({
        insert: 'plans',
        row: { run, step: id, place, title, done_at: doneAt ?? null, note: note ?? null },
      })),
    ]
  }
  if (!name.startsWith(`${DONE} `)) return []
  const { id, note } = bodyOf(events.keepDone, event).v as PlanStepDone
  return [{ patch: 'plans', set: { done_at: event.at, note: note ?? null }, where: { run, step: id } }]
}
