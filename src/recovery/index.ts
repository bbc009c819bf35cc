/** The ways in which work fails, and the ways out. */
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
