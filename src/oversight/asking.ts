/**
 * Putting a question to people, and resting until one has answered.
 *
 *     asked ─▶ open ─▶ answered            (the message is on its way to the run, or was taken)
 *               │  ◀──── refused           (the schema in the code found more wrong with it than the record could)
 *               ├────▶ expired             (nobody answered in time)
 *               └────▶ closed              (its run ended, or went on without it)
 *
 * A1. A question is put by one operation and answered by another: both are on the record, so a replay asks nobody again.
 * A2. The due time is recorded with the question, and never recomputed.
 * A3. An answer that was accepted counts, also when the run's clock struck before it took it.
 * A4. A fork asks its own questions: an answer to the original's reaches the original only.
 */
import { decode, eventOf, type Append } from '../log/index.ts'
import { events, WaitTimedOut, type Hands, type Keeping } from '../run/index.ts'
import type { Schema } from '../task/index.ts'
import { questionAsked, questionExpired, waitFor } from './events.ts'
import { ID, type AnswerBody, type QuestionKind, type QuestionPut } from './events.ts'
import { checked, type GivenQuestion } from './question.ts'

/** What asking needs of a run. */
export type Asker = Pick<Hands, 'run' | 'log' | 'newId' | 'now' | 'keep' | 'wait' | 'isSettled'>

export interface Asking {
  readonly kind: QuestionKind
  /** Of the operation. */
  readonly name: string
  readonly given: GivenQuestion
  /** Of an approval. */
  readonly proposed?: { readonly proposal: unknown; readonly digest: string; readonly schema: object }
  /** What an answer has to be; what it gives is what the body is given. */
  readonly schema: Schema | undefined
}

export type Answered =
  | { readonly answer: AnswerBody; readonly put: QuestionPut }
  | { readonly answer: undefined; readonly put: QuestionPut }

/** @throws {BadQuestion} @throws {BadDuration} */
export async function answerTo(asker: Asker, asking: Asking): Promise<Answered> {
  const { run, keep, wait, now, isSettled } = asker
  const call = asking.kind === 'approval' ? 'approve' : 'ask'
  let put: QuestionPut
  do
    put = (await keep(call, asking.name, () => putting(asker, asking))) as QuestionPut // what this operation records
  while (put.run !== run.id && !isSettled(waitFor(put.question)))
  const { question, due } = put
  const schema = payloadSchema(asking.schema)
  try {
    const timeout = due === undefined ? {} : { timeout: Math.max(0, due - now()) }
    return { answer: await wait(waitFor(question), { schema, ...timeout }), put }
  } catch (error) {
    if (!(error instanceof WaitTimedOut)) throw error
  }
  const late = (await keep('expire', question, () => expiring(asker, put, schema))) as { answer?: AnswerBody }
  return { answer: late.answer, put }
}

function putting({ run, newId, now }: Asker, { kind, given, proposed }: Asking): Promise<Keeping> {
  const question = newId(ID)
  const body = { ...checked(given, now()), ...proposed }
  const asked = eventOf(questionAsked, { question, run: run.id, task: run.task, kind, ...body })
  const { asks, to, due } = body
  const value: QuestionPut = {
    question,
    run: run.id,
    asks,
    ...(to === undefined ? {} : { to }),
    ...(due === undefined ? {} : { due }),
  }
  return Promise.resolve({ appends: [inInbox(run.id, asked)], value })
}

/** Time is up: unless somebody was quicker, nobody can answer any more. */
async function expiring(
  { run, log }: Asker,
  { question, run: asker }: QuestionPut,
  schema: Schema<unknown, AnswerBody>,
): Promise<Keeping> {
  const [row] = await log.select('questions', { where: { question } })
  const status = asker === run.id ? row?.['status'] : undefined
  let refused: string | undefined
  if (row?.['status'] === 'answered') {
    const [event] = await log.eventsAt([Number(row['answer'])])
    const answer = event && (await schema['~standard'].validate(decode(event.body)))
    if (answer && !answer.issues) return { appends: [], value: { answer: answer.value } }
    refused = (answer?.issues ?? []).map(({ message }) => message).join('; ')
  }
  const expired = eventOf(questionExpired, { question, ...(refused === undefined ? {} : { refused }) })
  const isOver = status !== 'open' && status !== 'answered'
  return { appends: isOver ? [] : [inInbox(run.id, expired)], value: {} }
}

const inInbox = (run: string, event: Append['events'][number]): Append => ({
  stream: events.inboxOf(run),
  expected: 'any',
  events: [event],
})

/** The message of an answer, its value held against the schema of the code that asks. */
function payloadSchema(of: Schema | undefined): Schema<unknown, AnswerBody> {
  return {
    '~standard': {
      version: 1,
      vendor: 'throughline',
      async validate(payload) {
        const answer = payload as AnswerBody // `inbox.answer` sends nothing else, and nobody else can
        const value = await of?.['~standard'].validate(answer.value)
        if (value?.issues) return { issues: value.issues }
        return { value: value ? { ...answer, value: value.value } : answer }
      },
    },
  }
}
