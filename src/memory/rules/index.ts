/** Rules that bind: what a decision or constraint forbids or requires of a value. Pure: no log, no run, no clock. */
export { compileRule, type CompiledRule } from './compiled.ts'
export { RuleInvalid, type Problem } from './errors.ts'
export { Reading } from './reading.ts'
export type { Effect, Rule } from './rule.ts'
export type { Part } from './scope.ts'
export { evaluate, type FailedReason, type Verdict } from './verdict.ts'
