/** What a suspended run waits for, in a sentence. */
import { questionOf, type Question } from '../oversight/index.ts'
import type { Waiting } from '../run/index.ts'
import { day } from './wording.ts'

/** What is asked of people, by the id of the question. */
export type Questions = ReadonlyMap<string, Pick<Question, 'question' | 'to'>>

/** The questions that these wait for. */
export const questionsAmong = (waiting: readonly Waiting[]): readonly string[] =>
  waiting.flatMap(({ kind, name }) => (kind === 'wait' ? (questionOf(name) ?? []) : []))

export function pendingLine({ kind, name, due }: Waiting, questions: Questions): string {
  const until = due === undefined ? '' : ` until ${day(due, true)}`
  switch (kind) {
    case 'sleep':
      return `Sleeps at "${name}"${until}`
    case 'retry':
      return `Tries "${name}" again${due === undefined ? '' : ` at ${day(due, true)}`}`
    case 'wait': {
      const id = questionOf(name) ?? ''
      const asked = questions.get(id)
      if (asked) return `Waits for ${asked.to ?? 'anybody'} to answer ${id}${until}: ${asked.question}`
      return `Waits for the message "${name}"${until}`
    }
    case 'call':
      return `Waits for its child "${name}"`
    case 'in_doubt':
      return `Waits to be told whether "${name}" took place`
    case 'task':
      return `Waits for the code of task "${name}"`
  }
}
