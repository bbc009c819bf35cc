/** A question as it is given becomes one that can be put to people, or is refused by name. */
import { durationMs, jsonSchemaOf, type Duration, type Schema } from '../task/index.ts'
import { BadQuestion } from './errors.ts'

/** As the code that asks gives it. */
export interface GivenQuestion {
  readonly question: string
  readonly schema?: Schema | undefined
  readonly choices?: readonly string[] | undefined
  readonly to?: string | undefined
  readonly timeout?: Duration | undefined
  readonly about?: unknown
}

/** What is recorded of it, whatever kind it is. */
export interface PutQuestion {
  readonly asks: string
  readonly to?: string
  readonly schema?: object
  readonly choices?: readonly string[]
  readonly about?: unknown
  readonly due?: number
}

/** Whoever says more means for ever: a time that any store can hold. */
const FARTHEST = 4e15
const MOST_TEXT = 10_000
const MOST_NAME = 200
const MOST_CHOICES = 200
const MOST_LABEL = 80

/** @throws {BadQuestion} @throws {BadDuration} */
export function checked(given: GivenQuestion, now: number): PutQuestion {
  const { question, to, timeout, about, choices } = given
  const schema =
    choices === undefined ? jsonSchemaOf(given.schema) : { type: 'string', enum: choicesOf(choices) }
  return {
    asks: textOf('question', question, MOST_TEXT),
    ...(to === undefined ? {} : { to: nameOf('to', to) }),
    ...(schema === undefined ? {} : { schema }),
    ...(choices === undefined ? {} : { choices }),
    ...(about === undefined ? {} : { about }),
    ...(timeout === undefined ? {} : { due: Math.min(FARTHEST, Math.round(now + durationMs(timeout))) }),
  }
}

function choicesOf(choices: readonly string[]): readonly string[] {
  if (!Array.isArray(choices) || choices.length === 0 || choices.length > MOST_CHOICES)
    throw new BadQuestion('choices', `it must be a list of 1 to ${MOST_CHOICES} texts.`)
  for (const choice of choices) textOf('choices', choice, MOST_TEXT)
  return choices
}

/** Names of people and roles. @throws {BadQuestion} */
export function nameOf(field: string, name: unknown): string {
  const text = textOf(field, name, MOST_NAME)
  if (/\p{Cc}/u.test(text)) throw new BadQuestion(field, 'it must be a name on one line.')
  return text
}

function textOf(field: string, text: unknown, most: number): string {
  if (typeof text !== 'string' || text.trim() === '' || text.length > most || !text.isWellFormed())
    throw new BadQuestion(field, `it must be text of 1 to ${most} characters.`)
  return text
}

/** The operation's name: what is asked, as far as a name may hold it. */
export function labelOf(question: unknown): string {
  const label = String(question)
    .slice(0, MOST_LABEL)
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}›]+/gu, ' ')
    .trim()
  return label === '' ? 'a question' : label
}
