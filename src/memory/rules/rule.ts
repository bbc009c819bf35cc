/** What a decision or constraint may carry: a condition on what is called by some name. */
import { RuleInvalid } from './errors.ts'

/** What a violation does: stops, is noted, or stops until a reason is given. */
export type Effect = 'deny' | 'warn' | 'require_justification'

export interface Rule {
  /** A checkpoint, step or task by name; `*` stands for any run of characters. */
  readonly target: string
  /** A CEL condition over `value` that must never hold. One of `forbid` and `require` is given, not both. */
  readonly forbid?: string | undefined
  /** A CEL condition over `value` that must hold. */
  readonly require?: string | undefined
  /** `deny` unless told. */
  readonly effect?: Effect | undefined
}

/** A rule whose parts are known to be there. */
export interface ReadRule {
  readonly target: string
  readonly kind: 'forbid' | 'require'
  readonly condition: string
  readonly effect: Effect
}

const EFFECTS: readonly unknown[] = ['deny', 'warn', 'require_justification'] satisfies Effect[]
const PARTS = ['target', 'forbid', 'require', 'effect']
const MAX_TARGET = 200
/** A list of 500 names fits; the parser takes a third of a second for this much at worst. */
export const MAX_CONDITION = 10_000

/** Takes a rule from anywhere, an import included. @throws {RuleInvalid} */
export function readRule(rule: unknown): ReadRule {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) {
    throw new RuleInvalid('', '', [problem('a rule is an object: { target, forbid or require, effect? }.')])
  }
  const { target, forbid, require, effect = 'deny' } = rule as Readonly<Record<string, unknown>>
  const name = typeof target === 'string' ? target : ''
  const refuse = (message: string): never => {
    throw new RuleInvalid(name, '', [problem(message)])
  }
  const unknown = Object.keys(rule).find((key) => !PARTS.includes(key))
  if (unknown !== undefined)
    refuse(`it has no part "${unknown.slice(0, 50)}"; its parts are ${PARTS.join(', ')}.`)
  if (name === '' || name.length > MAX_TARGET) {
    refuse(
      `target is the name of a checkpoint, step or task, or a pattern with *, of 1 to ${MAX_TARGET} characters.`,
    )
  }
  if (!EFFECTS.includes(effect)) refuse(`effect is one of ${EFFECTS.join(', ')}.`)
  if ((forbid === undefined) === (require === undefined)) {
    refuse('give forbid (what must never hold) or require (what must hold), exactly one of them.')
  }
  const condition = forbid ?? require
  if (typeof condition !== 'string' || condition.trim() === '') {
    return refuse('the condition is CEL over value, as text, such as "value.total > 100".')
  }
  if (condition.length > MAX_CONDITION) {
    refuse(`the condition has ${condition.length} characters; ${MAX_CONDITION} is the most.`)
  }
  // EFFECTS holds nothing but effects.
  return {
    target: name,
    kind: forbid === undefined ? 'require' : 'forbid',
    condition,
    effect: effect as Effect,
  }
}

const problem = (message: string) => ({ at: 0, message })
