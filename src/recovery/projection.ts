/** Failures as they can be counted: one row each, and how it ended. What was seen of it stays in the event. */
import {
  bodyOf,
  erasureRecorded,
  isErased,
  type Projection,
  type RowChange,
  type StoredEvent,
} from '../log/index.ts'
import { events, prunedRuns } from '../run/index.ts'
import { recoveryMet, recoveryOver, recoveryRung } from './events.ts'

/** How far it is with a failure. `partial`: a part was taken for the whole. */
export type FailureState = 'open' | 'recovered' | 'partial' | 'halted' | 'compensated'

export const failuresProjection: Projection = {
  name: 'failures',
  version: 1,
  mode: 'inline',
  kinds: [recoveryMet, recoveryRung, recoveryOver, erasureRecorded]
    .map((kind) => kind.name)
    .concat('store.pruned'),
  tables: {
    failures: {
      columns: {
        stream: 'text',
        failure: 'text',
        run: 'text',
        task: 'text',
        mode: 'text',
        operation: 'text',
        is_handled: 'integer',
        state: 'text',
        rung: 'text',
        met_at: 'integer',
        over_at: 'integer',
        position: 'integer',
      },
      key: ['stream', 'failure'],
      indexes: [
        { columns: ['task', 'position'] },
        { columns: ['run', 'position'] },
        { columns: ['position'] },
      ],
    },
  },
  apply(event) {
    if (event.kind === 'store.pruned')
      return prunedRuns(event).map((run) => ({ remove: 'failures', where: { run } }))
    if (event.kind === erasureRecorded.name) {
      const runs = (bodyOf(erasureRecorded, event).left['runs'] ?? []) as readonly { readonly run: string }[] // written by the memory room only
      return runs.map(({ run }) => ({ remove: 'failures', where: { run } }))
    }
    return isErased(event) ? [] : changed(event)
  },
}

function changed(event: StoredEvent): readonly RowChange[] {
  const { stream, at } = event
  const put = (
    failures: readonly string[],
    set: { state: FailureState; rung: string; over_at: number | null },
  ) => failures.map((failure): RowChange => ({ patch: 'failures', set, where: { stream, failure } }))
  switch (event.kind) {
    case recoveryMet.name: {
      const { failure, task, mode, operation, isHandled } = bodyOf(recoveryMet, event)
      const row = {
        stream,
        failure,
        run: events.runOfStream(stream),
        task,
        mode,
        operation,
        is_handled: isHandled ? 1 : 0,
        state: 'open',
        rung: null,
        met_at: at,
        over_at: null,
        position: event.position,
      }
      return [{ put: 'failures', row }]
    }
    case recoveryRung.name: {
      const { failures, rung } = bodyOf(recoveryRung, event)
      const state = rung === 'halt' ? 'halted' : rung === 'compensate' ? 'compensated' : 'open'
      return put(failures, { state, rung, over_at: state === 'open' ? null : at })
    }
    case recoveryOver.name: {
      const { failures, by } = bodyOf(recoveryOver, event)
      const state = by === 'accept_partial' ? 'partial' : 'recovered'
      return put(failures, { state, rung: by, over_at: at })
    }
    default:
      return []
  }
}
