export { watchAmbient, type AmbientUse } from './ambient.ts'
export { RunCarrier, type CarrierOptions } from './carrier.ts'
export { contextFor, contextHere, noteHere } from './context.ts'
export {
  BadOperation,
  ChildFailed,
  CompensationFailed,
  CompensationMissing,
  DuplicateKey,
  EffectNotDone,
  ForkPointNotFound,
  KeyReused,
  NotInDoubt,
  ReplayDiverged,
  RunCancelled,
  RunEnded,
  RunErased,
  RunFailed,
  RunHalted,
  RunNotFound,
  StepTimedOut,
  WaitTimedOut,
  type Ending,
} from './errors.ts'
export * as events from './events.ts' // a namespace, not a spread: every kind under one name
export type { Fork, MessageBody, Resolution, RunStartedBody, Waiting } from './events.ts'
export { fork } from './fork.ts'
export { Generation } from './generation.ts'
export { History, read, type OperationKind, type Recorded } from './history.ts'
export type { Feature, Hands, Keeping } from './keep.ts'
export type { FeatureKind, Told } from './history.ts'
export type { Settled } from './operation.ts'
export { type Doubt, type Performing, type Work } from './work.ts'
export { Mailbox } from './mailbox.ts'
export type { Carrier, Dispatcher } from './port.ts'
export { runsProjection } from './projection.ts'
export { prunedRuns } from './rows.ts'
export type { Surroundings } from './surroundings.ts'
export { MOST_WAITS_NAMED } from './rest.ts'
export { ACKNOWLEDGE, BriefUnread } from './unread.ts'
export { DuplicateTask, Registry, UnknownTask } from './registry.ts'
