/**
 * Questions as they can be asked for: whose they are, for whom, and whether they are open. What they say stays in the event.
 *
 * P1. A question is answered once: who is slower is refused with all of their commit.
 * P2. What a run had asked is closed with it, in the commit of its end.
 */
import { bodyOf, erasureRecorded, type Projection, type RowChange, type StoredEvent } from '../log/index.ts'
import { events, prunedRuns } from '../run/index.ts'
import { questionAnswered, questionAsked, questionExpired, questionOf } from './events.ts'

/** With these nothing is awaited any more. A run that merely halted goes on when it is resumed. */
const ENDS: ReadonlySet<string> = new Set(
  [
    events.runCancelling,
    events.runFailing,
    events.runDone,
    events.runFailed,
    events.runCancelled,
    events.runRestarted,
  ].map((kind) => kind.name),
)

export const questionsProjection: Projection = {
  name: 'questions',
  version: 1,
  mode: 'inline',
  kinds: [questionAsked, questionAnswered, questionExpired, events.waitRefused, erasureRecorded]
    .map((kind) => kind.name)
    .concat('store.pruned', ...ENDS),
  tables: {
    questions: {
      columns: {
        question: 'text',
        tenant: 'text',
        run: 'text',
        task: 'text',
        kind: 'text',
        for: 'text',
        status: 'text',
        asked_at: 'integer',
        due_at: 'integer',
        over_at: 'integer',
        answered_by: 'text',
        /** What was wrong with the answer before. */
        refused: 'text',
        position: 'integer',
        answer: 'integer',
      },
      key: ['question'],
      indexes: [
        { columns: ['status', 'position'] },
        { columns: ['run', 'status'] },
        { columns: ['position'] },
      ],
    },
  },
  apply(event) {
    const { at } = event
    if (ENDS.has(event.kind)) {
      const where = { run: events.runOfStream(event.stream), status: 'open' }
      return [{ patch: 'questions', set: { status: 'closed', over_at: at }, where }]
    }
    switch (event.kind) {
      case questionAsked.name:
        return asked(event)
      case questionAnswered.name: {
        const { question, by } = bodyOf(questionAnswered, event)
        const set = {
          status: 'answered',
          over_at: at,
          answered_by: by,
          refused: null,
          answer: event.position,
        }
        return [{ patch: 'questions', set, where: { question, status: 'open' }, must: true }]
      }
      case questionExpired.name: {
        const { question, refused: why } = bodyOf(questionExpired, event)
        const set = { status: 'expired', over_at: at, answered_by: null, answer: null }
        return why === undefined
          ? [{ patch: 'questions', set, where: { question, status: 'open' }, must: true }]
          : [
              {
                patch: 'questions',
                set: { ...set, refused: why.slice(0, MOST_SHOWN) },
                where: { question, status: 'answered' },
                must: true,
              },
            ]
      }
      case events.waitRefused.name:
        return refused(event)
      case erasureRecorded.name: {
        const runs = (bodyOf(erasureRecorded, event).left['runs'] ?? []) as readonly {
          readonly run: string
        }[] // written by the memory room only
        return runs.map(({ run }) => ({ remove: 'questions', where: { run } }))
      }
      case 'store.pruned':
        return prunedRuns(event).map((run) => ({ remove: 'questions', where: { run } }))
      default:
        return []
    }
  },
}

function asked(event: StoredEvent): readonly RowChange[] {
  const { question, run, task, kind, to, due } = bodyOf(questionAsked, event)
  const row = {
    question,
    tenant: event.tenant,
    run,
    task,
    kind,
    for: to ?? null,
    status: 'open',
    asked_at: event.at,
    due_at: due ?? null,
    over_at: null,
    answered_by: null,
    refused: null,
    position: event.position,
    answer: null,
  }
  return [{ insert: 'questions', row }]
}

/** The code found more wrong with the answer than the record could say: the question is open again. */
function refused(event: StoredEvent): readonly RowChange[] {
  const question = questionOf(event.name ?? '')
  if (question === undefined) return []
  const { issues } = bodyOf(events.waitRefused, event)
  const set = {
    status: 'open',
    over_at: null,
    answered_by: null,
    answer: null,
    refused: issues.slice(0, MOST_SHOWN),
  }
  return [{ patch: 'questions', set, where: { question, status: 'answered' } }]
}

const MOST_SHOWN = 1000
