/**
 * What a person is asked when something failed, and what their answer means.
 *
 * A1. `ask` wants what is missing: the answer itself. Where the trouble lies outside, it wants a word that it is mended: then it is tried again.
 * A2. `escalate` wants a decision: try it again, go on with what there is, undo, stop. Only what can be done is offered.
 * A3. Nobody answering is no answer: the next rung is taken.
 */
import { ask, QuestionExpired } from '../oversight/index.ts'
import type { Hands } from '../run/index.ts'
import type { Rung } from '../task/index.ts'
import type { Failure, FailureMode } from './modes.ts'
import { sentenceOf } from './modes.ts'
import type { Ability } from './walk.ts'

type Asking = Extract<Rung, { kind: 'ask' | 'escalate' }>

interface About {
  readonly rung: Asking
  readonly failure: Failure
  readonly operation: string
  readonly rungs: readonly string[]
  readonly can: ReadonlySet<Ability>
}

export type Word =
  | { readonly do: 'again' }
  | { readonly do: 'use'; readonly value: unknown }
  | { readonly do: 'partial' | 'compensate' | 'halt' | 'next' }
  | { readonly do: 'nobody' }

/** What is mended by hand, elsewhere: an answer would not help, trying again does. */
const OUTSIDE: ReadonlySet<FailureMode> = new Set([
  'tool_failure',
  'provider_outage',
  'saturation',
  'configuration',
  'boundary_breach',
  'stale_data',
  'approval_expired',
])

const AGAIN = 'It is mended: try again'
const PARTIAL = 'Go on with what there is'
const COMPENSATE = 'Undo what the run did, and end it'
const STOP = 'Stop the run'
const NEXT = 'It cannot be mended'

/** Puts it to a person, and waits. */
export async function personsWord(hands: Hands, about: About): Promise<Word> {
  try {
    return about.rung.kind === 'escalate' ? await decided(hands, about) : await answered(hands, about)
  } catch (error) {
    if (error instanceof QuestionExpired) return { do: 'nobody' }
    throw error
  }
}

async function answered(hands: Hands, about: About): Promise<Word> {
  const { rung, failure, can } = about
  if (rung.kind !== 'ask') return decided(hands, about)
  const wantsValue =
    can.has('answer') && (rung.schema !== undefined || !can.has('retry') || !OUTSIDE.has(failure.mode))
  if (!wantsValue) return chosen(await ask(hands, { ...asked(about), choices: choicesOf(about, [NEXT]) }))
  const value = await ask(hands, { ...asked(about), schema: rung.schema })
  return { do: 'use', value }
}

async function decided(hands: Hands, about: About): Promise<Word> {
  return chosen(await ask(hands, { ...asked(about), choices: choicesOf(about, [COMPENSATE, STOP]) }))
}

function choicesOf({ can }: About, always: readonly string[]): readonly string[] {
  return [...(can.has('retry') ? [AGAIN] : []), ...(can.has('partial') ? [PARTIAL] : []), ...always]
}

function chosen(choice: unknown): Word {
  switch (choice) {
    case AGAIN:
      return { do: 'again' }
    case PARTIAL:
      return { do: 'partial' }
    case COMPENSATE:
      return { do: 'compensate' }
    case STOP:
      return { do: 'halt' }
    default:
      return { do: 'next' }
  }
}

function asked({ rung, failure, operation, rungs }: About) {
  const { mode, evidence } = failure
  const words =
    (rung.kind === 'ask' ? rung.question : undefined) ??
    `${sentenceOf(mode)} ${operation}: ${evidence.message}`.slice(0, 2000).toWellFormed()
  return {
    question: words,
    to: rung.to,
    timeout: rung.timeout,
    about: { mode, operation, evidence, tried: rungs },
  }
}
