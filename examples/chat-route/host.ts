/** What the development server says in the place of a model: it reserves a table, and then talks slowly enough to be interrupted. */
import type { Answer, Asked } from 'throughline/testing'

export const ANSWER =
  'Your table is reserved, by the window that looks over the canal. The kitchen opens at six, and the bread comes out of the oven a ' +
  'little before. If it rains we light the stove; if it does not, we put the tables out. Ask for the soup, which is not on the card.'

export function host({ messages }: Pick<Asked, 'messages'>): Answer {
  const last = messages.at(-1)
  if (last?.role === 'tool' || (last?.toolResults.length ?? 0) > 0)
    return { text: ANSWER, pace: { betweenMs: 15 } }
  const [people = '2'] = /\d+/.exec(last?.text ?? '') ?? []
  return {
    text: 'I will see to it.',
    toolCalls: [{ name: 'reserve', args: { people: Number(people), at: timeIn(last?.text ?? '') } }],
    pace: { betweenMs: 15 },
  }
}

const timeIn = (text: string): string => /\d{1,2}:\d{2}/.exec(text)?.[0] ?? '19:00'
