/**
 * What oversight puts on the record, in the inbox's stream of the run that asks: anybody may write there, and it goes wherever its
 * run goes (exports, archives, erasures).
 */
import { bodyOf, kind, type StoredEvent } from '../log/index.ts'
import { events } from '../run/index.ts'
import type { Edit } from '../task/index.ts'

export type QuestionKind = 'question' | 'approval'

export const questionAsked = kind<{
  readonly question: string
  readonly run: string
  readonly task: string
  readonly kind: QuestionKind
  /** In words. */
  readonly asks: string
  readonly to?: string
  /** What an answer must look like. */
  readonly schema?: object
  readonly choices?: readonly string[]
  readonly about?: unknown
  readonly due?: number
  /** Of an approval. */
  readonly proposal?: unknown
  readonly digest?: string
}>('question.asked')

/** What the run is given. */
export interface AnswerBody {
  readonly question: string
  readonly value: unknown
  readonly by: string
  readonly reason?: string
  /** Of an approval: what was changed of the proposal. */
  readonly edits?: readonly Edit[]
}

export const questionAnswered = kind<AnswerBody>('question.answered')
/** Nobody answered in time, or not so that the code would take it: then with what was wrong. */
export const questionExpired = kind<{ readonly question: string; readonly refused?: string }>(
  'question.expired',
)

/** Between the names of branches. */
const SEPARATOR = ' › '
const ANSWER = 'answer to '
/** The name of the message that the run waits for. */
export const waitFor = (question: string): string => `${ANSWER}${question}`
/** The question that a wait of this name, or path, is for. */
export function questionOf(name: string): string | undefined {
  const own = name.split(SEPARATOR).at(-1) ?? ''
  return own.startsWith(`${ANSWER}${ID}_`) ? own.slice(ANSWER.length) : undefined
}
/** What the run's own record has of a question: the value of the operation that put it. */
export interface QuestionPut {
  readonly question: string
  readonly run: string
  readonly asks: string
  readonly to?: string
  readonly due?: number
}

type Outcome = Pick<StoredEvent, 'kind' | 'version' | 'name' | 'body'>

/** The question that an operation put, if that is what an event records. */
export function putIn(event: Outcome): QuestionPut | undefined {
  const own = (event.name ?? '').split(SEPARATOR).at(-1) ?? ''
  if (event.kind !== events.keepDone.name || !/^(?:ask|approve) /.test(own)) return undefined
  return bodyOf(events.keepDone, event).v as QuestionPut // nothing else is kept under such a name
}

/** The answer that a run took, if that is what an event records. */
export function answerIn(event: Outcome): AnswerBody | undefined {
  if (event.kind !== events.waitAnswered.name || questionOf(event.name ?? '') === undefined) return undefined
  const answer = bodyOf(events.waitAnswered, event).v as Partial<AnswerBody> | null // a body may have a wait of such a name
  return typeof answer?.by === 'string' && typeof answer.question === 'string'
    ? (answer as AnswerBody)
    : undefined
}

/** What ids of questions begin with. */
export const ID = 'q'
