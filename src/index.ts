/** What users import. */
export { BadImport, BadRequest, BadStore, Closed, open, type Ids, type Imported, type OpenOptions, type RunHandle, type RunRow, type RunsPage, type RunsQuery, type RunStatus, type StartOptions, type Throughline } from './app/index.ts'
export { ThroughlineError } from './errors.ts'
export { AlreadyThere, BodyTooLarge, ChainBroken, NotSerializable, type Clock, type Log, type StoredEvent } from './log/index.ts'
export {
  BadOperation, ChildFailed, CompensationFailed, CompensationMissing, DuplicateKey, DuplicateTask, EffectNotDone, ForkPointNotFound, KeyReused, NotInDoubt,
  ReplayDiverged, RunCancelled, RunEnded, RunFailed, RunHalted, RunNotFound, StepTimedOut, UnknownTask, WaitTimedOut, type Resolution, type Waiting,
} from './run/index.ts'
export { ForeignStore, SqliteTooOld, StoreMissing, StoreNewer, StoreUnavailable } from './store/sqlite/index.ts'
export {
  BadDuration, BadTask, InvalidValue, task, type AnyTask, type Context, type Duration, type Issue, type Reconciled, type Retry, type Schema, type StepOptions, type StepTools, type Task,
  type TaskDefinition,
} from './task/index.ts'
