/**
 * What a rule says of a value.
 *
 * V1. Fails closed: an error, an answer that is no yes or no, a cost above the limit are `failed`, never `holds`.
 * V2. A path that is not there is `not_applicable`: neither a violation nor a pass. Whoever asks decides what that means.
 * V3. Never throws, whatever the value: one rule that cannot be asked does not hide what the others say.
 */
import { messageOf } from '../../errors.ts'
import { partsBehind } from './blame.ts'
import { errorIn, withoutTraces, type Value } from './cel.ts'
import type { CompiledRule } from './compiled.ts'
import { MAX_STEPS, stepsOf } from './cost.ts'
import { Reading, Unreadable } from './reading.ts'
import type { Part } from './scope.ts'
import { troubleIn } from './trouble.ts'

export type Verdict =
  | { readonly outcome: 'holds' }
  /** `parts` are what offends, as far as it can be told. */
  | { readonly outcome: 'violated'; readonly parts: readonly Part[] }
  | { readonly outcome: 'not_applicable'; readonly absent: readonly Part[] }
  | { readonly outcome: 'failed'; readonly reason: FailedReason; readonly message: string }
export type FailedReason = 'error' | 'not_boolean' | 'too_costly' | 'unreadable'

/**
 * Holds a value against a rule. Several rules over one value: make one `new Reading(value)` and hand it to each, so that
 * the value is converted once.
 */
export function evaluate(rule: CompiledRule, value: unknown): Verdict {
  const reading = value instanceof Reading ? value : new Reading(value)
  try {
    return withoutTraces(() => judge(rule, reading))
  } catch (error) {
    // A getter or a toJSON of the value's own, a stack that ends: the value cannot be asked.
    return failed('unreadable', `the value could not be read: ${messageOf(error)}.`)
  }
}

function judge(rule: CompiledRule, reading: Reading): Verdict {
  if (reading.value === undefined && rule.isAboutValue) {
    return { outcome: 'not_applicable', absent: [{ path: [], text: 'value' }] }
  }
  if (stepsOf(rule.tree, reading) === undefined) {
    return failed(
      'too_costly',
      `over this value the rule could take more than ${MAX_STEPS.toLocaleString('en')} steps; make the rule or the value smaller.`,
    )
  }
  const bindings: Record<string, Value> = Object.create(null) as Record<string, Value>
  if (reading.value !== undefined) bindings['value'] = reading.as(rule.shape)
  const answer = rule.plan(bindings)
  if (typeof answer === 'boolean') {
    return answer === (rule.kind === 'require')
      ? { outcome: 'holds' }
      : { outcome: 'violated', parts: partsBehind(rule.tree, answer, bindings) }
  }
  const error = errorIn(answer)
  if (error === undefined) return failed('not_boolean', 'the rule answered with neither true nor false.')
  if (answer instanceof Error && answer.cause instanceof Unreadable) {
    return failed('unreadable', `the value holds what has no meaning in a rule: ${error}.`)
  }
  const { absent, errors } = troubleIn(rule.tree, bindings)
  return errors.length === 0 && absent.length > 0
    ? { outcome: 'not_applicable', absent }
    : failed('error', `the rule could not be evaluated: ${errors.join('; ') || error}.`)
}

const failed = (reason: FailedReason, message: string): Verdict => ({ outcome: 'failed', reason, message })
