/**
 * `tl.inbox`: what runs ask of people, and what people answer.
 *
 * I1. An answer is checked before anything changes, and recorded with the message that its run waits for, in one commit.
 * I2. One answer counts. The same one from the same person, sent again, changes nothing; another is refused, and told who was first.
 */
import { isDeepStrictEqual as same } from 'node:util'
import { anew, decode, encode, eventOf, type Log, type Test } from '../log/index.ts'
import { events } from '../run/index.ts'
import { answerBody, type AnswerOptions } from './answering.ts'
import { QuestionAnswered, QuestionClosed, QuestionNotFound } from './errors.ts'
import { questionAnswered, waitFor } from './events.ts'
import { questionsOf, type Question, type QuestionStatus } from './reading.ts'

export interface InboxQuery {
  /** Put to this person or role; those put to anybody are in nobody's list but the whole one. */
  readonly to?: string
  /** `open` unless told. */
  readonly status?: QuestionStatus | readonly QuestionStatus[]
  readonly run?: string
  readonly task?: string
  /** 50 unless told, 1,000 at most. */
  readonly limit?: number
  /** From the page before. */
  readonly cursor?: string
}

export interface InboxPage {
  readonly questions: readonly Question[]
  /** Give it to get the next page; undefined on the last. */
  readonly cursor: string | undefined
}

export interface InboxParts {
  readonly log: Log
  readonly newId: (prefix: string) => string
  /** The store's time. */
  readonly now: () => number
  readonly wake: (run: string) => void
}

export class Inbox {
  readonly #parts: InboxParts

  constructor(parts: InboxParts) {
    this.#parts = parts
  }

  /** Questions, the one asked first first, a page at a time. */
  async list(query: InboxQuery = {}): Promise<InboxPage> {
    const { log, now } = this.#parts
    const limit = Math.min(1000, Math.max(1, query.limit ?? 50))
    const wanted = [query.status ?? 'open'].flat()
    // What is over is a row that says so, or one of a question that nobody has closed yet (reading.ts).
    const isOver = wanted.some((status) => status === 'expired' || status === 'closed')
    const statuses = isOver ? [...new Set([...wanted, 'open'])] : wanted
    const where: Record<string, Test> = { status: { in: statuses } }
    if (query.to !== undefined) where['for'] = query.to
    for (const column of ['run', 'task'] as const)
      if (query[column] !== undefined) where[column] = query[column]
    if (query.cursor !== undefined) where['position'] = { gt: Number(query.cursor) }
    const rows = await log.select('questions', { where, order: ['position'], limit: limit + 1 })
    const page = rows.slice(0, limit)
    const questions = await questionsOf(log, page, now())
    return {
      questions: questions.filter(({ status }) => wanted.includes(status)),
      cursor: rows.length > limit ? String(page.at(-1)?.['position']) : undefined,
    }
  }

  /** One question, and what was answered. @throws {QuestionNotFound} */
  async get(id: string): Promise<Question> {
    const { log, now } = this.#parts
    const rows = await log.select('questions', { where: { question: id } })
    const [question] = await questionsOf(log, rows, now())
    if (!question) throw new QuestionNotFound(id)
    return question
  }

  /**
   * Answers a question: its run goes on with the value. An approval is answered with `{ approved, digest, value? }`.
   *
   * @throws {InvalidValue} if the value does not fit what is asked for @throws {QuestionAnswered} if somebody has answered
   * @throws {QuestionClosed} if it is not asked any more @throws {ApprovalMismatch} if it is about another proposal
   * @throws {QuestionNotFound} @throws {BadAnswer}
   */
  async answer(id: string, value: unknown, options: AnswerOptions): Promise<Question> {
    const { log, newId, wake } = this.#parts
    const given = decode(encode(value))
    const run = await anew(async () => {
      const question = await this.get(id)
      const body = answerBody(question, given, options)
      const { status, answer, because = '' } = question
      if (answer && answer.by === body.by && same(answer.value, body.value)) return undefined
      if (answer) throw new QuestionAnswered(id, answer.by, answer.at)
      if (status !== 'open') throw new QuestionClosed(id, question.run, because)
      const message = { kind: 'signal' as const, id: newId('msg'), name: waitFor(id), payload: body }
      const answered = [
        eventOf(questionAnswered, body, undefined, body.by),
        eventOf(events.messageSent, message, undefined, body.by),
      ]
      await log.commit({
        appends: [{ stream: events.inboxOf(question.run), expected: 'any', events: answered }],
      })
      return question.run
    })
    if (run !== undefined) wake(run)
    return this.get(id)
  }
}
