/**
 * Questions as they stand: from their rows, what their events say, and how the runs stand that asked.
 *
 * R1. Open is what can be answered: not what is due and its run has only not been woken for, nor what its run does not wait for
 *     any more (the loser of a race, say).
 */
import { bodyOf, isErased, type Log, type Row, type StoredEvent } from '../log/index.ts'
import { MOST_WAITS_NAMED, type Waiting } from '../run/index.ts'
import type { Edit } from '../task/index.ts'
import { questionAnswered, questionAsked, waitFor, type QuestionKind } from './events.ts'

export type QuestionStatus = 'open' | 'answered' | 'expired' | 'closed'

/** What a run asks of a person. */
export interface Question {
  readonly id: string
  readonly kind: QuestionKind
  readonly status: QuestionStatus
  /** In words. */
  readonly question: string
  /** The run that asks, and its task. */
  readonly run: string
  readonly task: string
  /** Who is asked; undefined: anybody. */
  readonly to: string | undefined
  readonly about: unknown
  readonly choices: readonly string[] | undefined
  /** What an answer must look like, as JSON Schema. */
  readonly schema: object | undefined
  /** Of an approval: what is to be approved, and its digest. */
  readonly proposal: unknown
  readonly digest: string | undefined
  readonly askedAt: Date
  readonly dueAt: Date | undefined
  /** Why it cannot be answered any more. */
  readonly because: string | undefined
  /** What its run found wrong with the answer before, so that it asks on. */
  readonly refused: string | undefined
  readonly answer: Answer | undefined
}

export interface Answer {
  readonly value: unknown
  readonly by: string
  readonly reason: string | undefined
  readonly at: Date
  /** Of an approval: what was changed of the proposal. Undefined of a question. */
  readonly edits: readonly Edit[] | undefined
}

/** In the order of the rows; what was erased or pruned meanwhile is left out. */
export async function questionsOf(log: Log, rows: readonly Row[], now: number): Promise<readonly Question[]> {
  if (rows.length === 0) return []
  const positions = rows.flatMap((row) => [row['position'], row['answer']]).filter((one) => one !== null)
  const runs = [...new Set(rows.map((row) => String(row['run'])))]
  const [events, standing] = await Promise.all([
    log.eventsAt(positions.map(Number)),
    log.select('runs', { where: { run: { in: runs } }, columns: ['run', 'status', 'waiting'] }),
  ])
  const eventOf = new Map(events.map((event) => [event.position, event]))
  const runOf = new Map(standing.map((row) => [String(row['run']), row]))
  return rows.flatMap((row) => {
    const asked = eventOf.get(Number(row['position']))
    if (!asked || isErased(asked)) return []
    const answer = row['answer'] === null ? undefined : eventOf.get(Number(row['answer']))
    return questionOf(row, { asked, answer, run: runOf.get(String(row['run'])), now })
  })
}

/** What is asked in words, and of whom, by the id of the question: as it was recorded, whatever became of it. */
export async function wordingOf(
  log: Log,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Pick<Question, 'kind' | 'question' | 'to'>>> {
  if (ids.length === 0) return new Map()
  const rows = await log.select('questions', { where: { question: { in: ids } }, columns: ['position'] })
  const events = await log.eventsAt(rows.map((row) => Number(row['position'])))
  return new Map(
    events
      .filter((event) => !isErased(event))
      .map((event) => bodyOf(questionAsked, event))
      .map(({ question, kind, asks, to }) => [question, { kind, question: asks, to }]),
  )
}

interface Around {
  readonly asked: StoredEvent
  readonly answer: StoredEvent | undefined
  readonly run: Row | undefined
  readonly now: number
}

function questionOf(row: Row, { asked, answer, run, now }: Around): Question {
  const body = bodyOf(questionAsked, asked)
  return {
    id: body.question,
    kind: body.kind,
    ...standingOf(row, run, now),
    question: body.asks,
    run: body.run,
    task: body.task,
    to: body.to,
    about: body.about,
    choices: body.choices,
    schema: body.schema,
    proposal: body.proposal,
    digest: body.digest,
    askedAt: new Date(asked.at),
    dueAt: body.due === undefined ? undefined : new Date(body.due),
    refused: row['refused'] === null ? undefined : String(row['refused']),
    answer: answer && answerOf(answer),
  }
}

function answerOf(event: StoredEvent): Answer {
  const { value, by, reason, edits } = bodyOf(questionAnswered, event)
  return { value, by, reason, at: new Date(event.at), edits }
}

function standingOf(row: Row, run: Row | undefined, now: number): Pick<Question, 'status' | 'because'> {
  const status = String(row['status']) as QuestionStatus // written by the projection only
  const ranOut = 'its time is over'
  if (status === 'answered') return { status, because: undefined }
  if (status === 'expired') return { status, because: ranOut }
  if (status === 'closed') return { status, because: endOf(run) }
  if (row['due_at'] !== null && Number(row['due_at']) <= now) return { status: 'expired', because: ranOut }
  if (run?.['status'] === 'waiting' && !isAwaited(run, waitFor(String(row['question']))))
    return { status: 'closed', because: 'its run has gone on without an answer' }
  return { status: 'open', because: undefined }
}

function endOf(run: Row | undefined): string {
  const status = run?.['status']
  const isOver = status === 'done' || status === 'failed' || status === 'cancelled'
  return isOver ? `its run is over (${status})` : 'its run has gone on without an answer'
}

/** Whether a run at rest waits for a message; true where its row does not say all that it waits for. */
function isAwaited(run: Row, name: string): boolean {
  const waits = JSON.parse(String(run['waiting'] ?? '[]')) as readonly Waiting[] // the runs projection's
  return waits.length >= MOST_WAITS_NAMED || waits.some((one) => one.kind === 'task' || one.name === name)
}
