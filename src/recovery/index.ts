/** The ways in which work fails, and the ways out. */
export { classify, classifyAnswer, type About, type Answer, type Classifier } from './classify/index.ts'
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
export { standIn, withoutSecrets } from './secrets.ts'
