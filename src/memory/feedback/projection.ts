/** Corrections as they can be asked for: whose they are, and which convention came of them. What they say stays in the event. */
import { bodyOf, erasureRecorded, isErased, type Projection } from '../../log/index.ts'
import { events } from '../../run/index.ts'
import { feedbackGiven } from './events.ts'

const PRUNED = {
  name: 'store.pruned',
  version: 1,
  upcast: {},
} as const

export const feedbackProjection: Projection = {
  name: 'feedback',
  version: 1,
  mode: 'inline',
  kinds: [feedbackGiven.name, PRUNED.name, erasureRecorded.name],
  tables: {
    feedback: {
      columns: { run: 'text', id: 'text', convention: 'text', at: 'integer', position: 'integer' },
      key: ['run', 'id'],
      indexes: [
        { columns: ['run', 'position'] },
        { columns: ['convention'], where: 'convention IS NOT NULL' },
        { columns: ['position'] },
      ],
    },
  },
  apply(event) {
    if (event.kind === PRUNED.name) {
      const { streams } = bodyOf<{ readonly streams: readonly { readonly stream: string }[] }>(PRUNED, event)
      return streams
        .filter(({ stream }) => !stream.includes('/') && !stream.includes('~'))
        .map(({ stream: run }) => ({ remove: 'feedback', where: { run } }))
    }
    if (event.kind === erasureRecorded.name) {
      const runs = (bodyOf(erasureRecorded, event).left['runs'] ?? []) as readonly { readonly run: string }[] // written by erasing/ only
      return runs.map(({ run }) => ({ remove: 'feedback', where: { run } }))
    }
    if (isErased(event)) return []
    const { id, convention } = bodyOf(feedbackGiven, event)
    const run = events.runOfInbox(event.stream)
    const row = { run, id, convention: convention ?? null, at: event.at, position: event.position }
    return [{ insert: 'feedback', row }]
  },
}
