/** The ways in which work fails, and the ways out. */
export { declaredFor, ladderFor } from './defaults.ts'
export { FailureCompensated, FailureUnhandled } from './errors.ts'
export { recoveryMet, recoveryOver, recoveryRung, recoverySkipped, type RungTaken } from './events.ts'
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
export { recover, type Abilities, type Recovering, type Tried } from './recover.ts'
export { classify, classifyAnswer } from './classify/index.ts'
export const breakerOf = (_hands: unknown, _name: string) => ({
  before: async () => undefined,
  after: async (_f: unknown) => {},
})
export class Loops {
  seen(_t: string, _a: unknown, _s: unknown): import('./modes.ts').Failure | undefined {
    return undefined
  }
}
