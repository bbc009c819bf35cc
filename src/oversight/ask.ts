/** `ctx.ask`: a person's answer, however long it takes. */
import type { Ask } from '../task/index.ts'
import { answerTo, type Asker } from './asking.ts'
import { QuestionExpired } from './errors.ts'
import { labelOf, type GivenQuestion } from './question.ts'

/**
 * Asks a person from anywhere in a run: what they answered, as the schema gives it back.
 *
 * @throws {QuestionExpired} @throws {BadQuestion}
 */
export async function ask(asker: Asker, given: GivenQuestion): Promise<unknown> {
  const { question, schema } = given
  const { answer, put } = await answerTo(asker, {
    kind: 'question',
    name: labelOf(question),
    given,
    schema,
  })
  if (!answer) throw new QuestionExpired(put.run, put.question, labelOf(put.asks), put.to)
  return answer.value
}

/** With the types of the context: what the schema or the choices say is what was answered. */
export const askContext = (asker: Asker): { readonly ask: Ask } => ({
  ask: ((question: string, options?: Omit<GivenQuestion, 'question'>) =>
    ask(asker, { ...options, question })) as Ask,
})
