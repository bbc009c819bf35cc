/** What somebody answers, held against what was asked: pure. */
import { InvalidValue, issuesOf } from '../task/index.ts'
import type { Verdict } from './approve.ts'
import { editsOf } from './edits.ts'
import { ApprovalMismatch, BadAnswer } from './errors.ts'
import type { AnswerBody } from './events.ts'
import type { Question } from './reading.ts'

export interface AnswerOptions {
  /** Who answers: it is on the record, and whoever reads the answer is told. */
  readonly by: string
  readonly reason?: string
}

const MOST_NAME = 200
const MOST_REASON = 10_000

/** @throws {BadAnswer} @throws {InvalidValue} @throws {ApprovalMismatch} */
export function answerBody(question: Question, value: unknown, options: AnswerOptions): AnswerBody {
  const { id } = question
  const { by, reason } = (options ?? {}) as Partial<AnswerOptions> // whoever calls from JavaScript may forget
  if (!isText(by, MOST_NAME) || /\p{Cc}/u.test(by))
    throw new BadAnswer(id, 'by', `say who answers: a name of 1 to ${MOST_NAME} characters.`)
  if (reason !== undefined && !isText(reason, MOST_REASON))
    throw new BadAnswer(id, 'reason', `it must be text of 1 to ${MOST_REASON} characters.`)
  if (value === undefined)
    throw new BadAnswer(id, 'value', 'give the answer; null, if that is what is meant.')
  const issues = question.schema ? issuesOf(question.schema, value) : []
  if (issues.length > 0) throw new InvalidValue('invalid_payload', `The answer to ${id}`, issues)
  const body = { question: id, value, by, ...(reason === undefined ? {} : { reason }) }
  return question.digest === undefined ? body : { ...body, edits: editsBy(question, value) }
}

/** What they would have otherwise, in a proposal they were shown. */
function editsBy({ id, proposal, digest = '' }: Question, value: unknown): NonNullable<AnswerBody['edits']> {
  const verdict = (value ?? {}) as Partial<Verdict> // its schema says so, where that can be followed
  if (verdict.digest !== digest) throw new ApprovalMismatch(id, String(verdict.digest), digest)
  return verdict.value === undefined ? [] : editsOf(proposal, verdict.value)
}

const isText = (text: unknown, most: number): text is string =>
  typeof text === 'string' && text.trim() !== '' && text.length <= most && text.isWellFormed()
