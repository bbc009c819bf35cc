/** The ways in which work fails, and the ways out. */
export { breakerOf, breakersProjection, type Breaker } from './breaker/index.ts'
export { declaredFor, ladderFor } from './defaults.ts'
export { FailureCompensated, FailureUnhandled } from './errors.ts'
export { recoveryMet, recoveryOver, recoveryRung, recoverySkipped, type RungTaken } from './events.ts'
export {
  failuresOf,
  type Failures,
  type FailuresQuery,
  type MetFailure,
  type ModeOfTask,
} from './failures.ts'
export { recoveryFeature } from './feature.ts'
export { acceptPartial, ask, compact, compensate, escalate, fallback, halt, repair, retry } from './ladder.ts'
export {
  failureModes,
  isFailureMode,
  keyOfMode,
  modeOfKey,
  sentenceOf,
  type Evidence,
  type Failure,
  type FailureMode,
  type ModeKey,
} from './modes.ts'
export { pauseOf } from './pause.ts'
export { failuresProjection } from './projection.ts'
export { recover, type Abilities, type Recovering, type Tried } from './recover.ts'
export { standIn, withoutSecrets } from './secrets.ts'
export { classify, classifyAnswer, type About, type Answer, type Classifier } from './classify/index.ts'
export { Loops } from './loops.ts'
