/**
 * Whether what a task declares for its failures can be walked.
 *
 * L1. A ladder ends: so many rungs, so many attempts on each, nothing after the last word.
 * L2. What is refused is refused where it is declared, with the task, the mode and the rung by name.
 */
import { messageOf, ThroughlineError } from '../errors.ts'
import { durationMs, type Duration } from './duration.ts'
import {
  recoveryKeys,
  type FallbackTarget,
  type Ladder,
  type Recovery,
  type RecoveryKey,
  type Rung,
} from './recovery.ts'

const MOST_RUNGS = 12
const MOST_ATTEMPTS = 100
const MOST_TOKENS = 1_000_000
const MOST_NAME = 200

/** A way out was declared that cannot be walked, or would never end. */
export class BadRecovery extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super('bad_recovery', { message, data, cause })
  }
}

/** Whose ladder it is, for what is said of it: `the recovery of toolFailure of task "review"`. */
interface Whose {
  readonly what: string
  /** The task it belongs to: it must not fall back to itself. */
  readonly task?: string | undefined
}

/** What a task declares, looked through once and kept as it was then. @throws {BadRecovery} */
export function checkRecovery(task: string, declared: unknown): Recovery | undefined {
  if (declared === undefined) return undefined
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared))
    throw new BadRecovery(
      `The recovery of task "${task}" must name modes of failure, as in recovery: { toolFailure: retry() }.`,
      { task },
    )
  const kept: Partial<Record<RecoveryKey, Ladder>> = {}
  for (const [key, ladder] of entriesOf(task, declared)) {
    if (ladder === undefined) continue
    if (!isKey(key))
      throw new BadRecovery(
        `"${key}" is no mode of failure (task "${task}"). The modes are ${recoveryKeys.join(', ')}.`,
        { task, mode: key },
      )
    checkLadder(ladder, { what: `The recovery of ${key} of task "${task}"`, task })
    kept[key] = ladder
  }
  return Object.freeze(kept)
}

/** A ladder that ends. @throws {BadRecovery} */
export function checkLadder(ladder: unknown, { what, task }: Whose): asserts ladder is Ladder {
  if (!isLadder(ladder))
    throw new BadRecovery(
      `${what} is no ladder; build one with retry, repair, compact, fallback, ask, escalate, acceptPartial, compensate or halt.`,
    )
  const { rungs } = ladder
  if (rungs.length === 0 || rungs.length > MOST_RUNGS)
    throw new BadRecovery(
      `${what} has ${rungs.length} rungs; a ladder ends after ${MOST_RUNGS} at most, and begins with one. Leave out what cannot help any more.`,
      { rungs: rungs.length },
    )
  rungs.forEach((rung, i) => {
    try {
      checkRung(rung)
    } catch (error) {
      throw new BadRecovery(
        `${what}, rung ${i + 1} (${String(rung?.kind)}): ${messageOf(error)}`,
        { rung: i + 1 },
        error instanceof Wrong ? undefined : error,
      )
    }
    if (isLast(rung) && i < rungs.length - 1)
      throw new BadRecovery(
        `${what}: nothing comes after ${rung.kind}; rung ${i + 2} would never be taken. Leave it out, or put it before.`,
        { rung: i + 1 },
      )
  })
  checkTargets(rungs, { what, task })
}

/** Whether this is a ladder, whatever is on it. */
export function isLadder(value: unknown): value is Ladder {
  return (
    typeof value === 'object' &&
    value !== null &&
    'rungs' in value &&
    Array.isArray(value.rungs) &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

/** Whether nothing can come after it. */
export const isLast = (rung: Rung): boolean => rung.kind === 'halt' || rung.kind === 'compensate'

/** What is wrong with a rung, before it is known which. */
class Wrong extends Error {}

function checkRung(rung: Rung): void {
  switch (rung?.kind) {
    case 'retry':
      checkAttempts(rung.attempts)
      checkLength(rung.initial, 'initial')
      checkLength(rung.max, 'max')
      if (rung.max !== undefined && durationMs(rung.initial ?? 1000) > durationMs(rung.max))
        throw new Wrong('initial is longer than max: the first pause is the shortest. Raise max.')
      if (rung.factor !== undefined && !(Number.isFinite(rung.factor) && rung.factor >= 1))
        throw new Wrong(
          `factor must be a number from 1; got ${String(rung.factor)}. Pauses must not get shorter.`,
        )
      return checkFunction(rung.on, 'on')
    case 'repair':
      checkAttempts(rung.attempts)
      if (rung.tokens !== undefined && !isWhole(rung.tokens, MOST_TOKENS))
        throw new Wrong(`tokens must be a whole number from 1; got ${String(rung.tokens)}.`)
      return checkFunction(rung.say, 'say')
    case 'fallback':
      if (!isTarget(rung.target))
        throw new Wrong('give fallback(…) the id of a model, a model, a tool, or a task.')
      return
    case 'escalate':
      if (!isName(rung.to)) throw new Wrong(`say to whom, by name: escalate('lead').`)
      return checkLength(rung.timeout, 'timeout')
    case 'ask':
      if (rung.to !== undefined && !isName(rung.to)) throw new Wrong(`say whom to ask by name: ask('ops').`)
      if (rung.question !== undefined && (typeof rung.question !== 'string' || rung.question.trim() === ''))
        throw new Wrong('question must be text.')
      checkSchema(rung.schema)
      return checkLength(rung.timeout, 'timeout')
    case 'accept_partial':
      return checkSchema(rung.schema)
    case 'compact':
    case 'compensate':
    case 'halt':
      return
    default:
      throw new Wrong('there is no such rung.')
  }
}

/** A ladder that falls back to where it came from goes round. */
function checkTargets(rungs: readonly Rung[], { what, task }: Whose): void {
  const seen = new Set<FallbackTarget>()
  for (const rung of rungs) {
    if (rung.kind !== 'fallback') continue
    const { target } = rung
    if (task !== undefined && isTaskNamed(target, task))
      throw new BadRecovery(
        `${what} falls back to the task itself, which would fail in the same way, and fall back again. Fall back to another task.`,
        { task },
      )
    if (seen.has(target))
      throw new BadRecovery(`${what} falls back to ${nameOfTarget(target)} twice; once is enough.`)
    seen.add(target)
  }
}

/** What a fallback goes to, in a few words. */
export function nameOfTarget(target: FallbackTarget): string {
  if (typeof target === 'string') return target
  if (isTaskLike(target)) return `task ${target.name}@${target.version}`
  const { modelId, name } = target as { readonly modelId?: unknown; readonly name?: unknown }
  if (typeof modelId === 'string') return modelId
  return typeof name === 'string' ? name : 'another'
}

/** Whether a fallback goes to a task. */
export const isTaskLike = (
  target: FallbackTarget,
): target is { readonly name: string; readonly version: string } =>
  typeof target === 'object' && 'run' in target && 'resumes' in target && 'name' in target

const isTaskNamed = (target: FallbackTarget, task: string): boolean =>
  isTaskLike(target) && target.name === task

function entriesOf(task: string, declared: object): readonly (readonly [string, unknown])[] {
  try {
    return Object.entries(declared)
  } catch (error) {
    throw new BadRecovery(`The recovery of task "${task}" could not be read.`, { task }, error)
  }
}

function checkAttempts(attempts: number | undefined): void {
  if (attempts !== undefined && !isWhole(attempts, MOST_ATTEMPTS))
    throw new Wrong(`attempts must be a whole number from 1 to ${MOST_ATTEMPTS}; got ${String(attempts)}.`)
}

function checkLength(length: Duration | undefined, name: string): void {
  if (length === undefined) return
  if (typeof length !== 'number' && typeof length !== 'string')
    throw new Wrong(`${name} must be a length of time, such as "30s".`)
  durationMs(length)
}

function checkFunction(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== 'function') throw new Wrong(`${name} must be a function.`)
}

function checkSchema(schema: unknown): void {
  if (schema !== undefined && !('~standard' in Object(schema)))
    throw new Wrong('schema must be a Standard Schema: one of zod, valibot, arktype.')
}

const isKey = (key: string): key is RecoveryKey => (recoveryKeys as readonly string[]).includes(key)
const isWhole = (n: unknown, most: number): boolean =>
  Number.isInteger(n) && Number(n) >= 1 && Number(n) <= most
const isName = (name: unknown): boolean =>
  typeof name === 'string' && name.trim() !== '' && name.length <= MOST_NAME
const isTarget = (target: unknown): boolean =>
  isName(target) || typeof target === 'function' || (typeof target === 'object' && target !== null)
