/**
 * A thread: a line of work that outlives runs.
 *
 *     open ──park──▶ parked ──resume──▶ open ──close──▶ done        (a parked one may be closed as well)
 */
import { checkScope } from '../memory/index.ts'
import { BadThread } from './errors.ts'

export type ThreadState = 'open' | 'parked' | 'done'

/** In one of its versions. */
export interface Thread {
  readonly id: string
  /** From 1; each change is another. */
  readonly version: number
  readonly state: ThreadState
  readonly goal: string
  /** What whoever picks it up does first. */
  readonly nextAction: string | undefined
  /** Whom or what it waits for. */
  readonly waitingOn: string | undefined
  /** Whose it is: what holds there holds for it. */
  readonly scope: string
  readonly dueAt: Date | undefined
  /** Of a parked one: not before this. */
  readonly until: Date | undefined
  /** Why it is in this state: why it was parked, or what came of it. */
  readonly because: string | undefined
  /** Who wrote this version. */
  readonly author: string
}

export interface OpenThread {
  readonly goal: string
  readonly nextAction?: string
  readonly waitingOn?: string
  readonly scope?: string
  readonly dueAt?: Date
}

/** What may be said when a thread changes its state; what is not said stays. */
export interface ThreadChange {
  readonly because?: string
  readonly nextAction?: string
  readonly waitingOn?: string
  readonly until?: Date
}

const MOST_TEXT = 20_000

/** The first version. @throws {BadThread} @throws {BadItem} for a scope that is none */
export function newThread(id: string, input: OpenThread, author: string): Thread {
  return {
    id,
    version: 1,
    state: 'open',
    goal: textOf('goal', input.goal),
    nextAction: optionalText('nextAction', input.nextAction),
    waitingOn: optionalText('waitingOn', input.waitingOn),
    scope: checkScope(input.scope ?? ''),
    dueAt: dateOf('dueAt', input.dueAt),
    until: undefined,
    because: undefined,
    author,
  }
}

/** The next version. What a thread waited for, and until when, is over once it is taken up or done. @throws {BadThread} */
export function nextThread(thread: Thread, state: ThreadState, change: ThreadChange, author: string): Thread {
  const waitsStill = state === 'parked' ? thread.waitingOn : undefined
  return {
    ...thread,
    version: thread.version + 1,
    state,
    nextAction:
      optionalText('nextAction', change.nextAction) ?? (state === 'done' ? undefined : thread.nextAction),
    waitingOn: optionalText('waitingOn', change.waitingOn) ?? waitsStill,
    until: dateOf('until', change.until),
    because: optionalText('because', change.because),
    author,
  }
}

/** @throws {BadThread}, or what it was given */
export function textOf(
  field: string,
  value: unknown,
  Refusal: new (field: string, message: string) => Error = BadThread,
): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > MOST_TEXT || !value.isWellFormed())
    throw new Refusal(field, `it must be text of 1 to ${MOST_TEXT} characters.`)
  return value
}

const optionalText = (field: string, value: unknown): string | undefined =>
  value === undefined ? undefined : textOf(field, value)

function dateOf(field: string, value: unknown): Date | undefined {
  if (value === undefined) return undefined
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw new BadThread(field, 'it must be a valid Date.')
  return value
}
