export { BadRequest, BadStore, Closed } from './errors.ts'
export {
  examineRestate,
  restateAt,
  type RestateDispatch,
  type RestateReport,
} from '../dispatch/restate/index.ts'
export { boundaryReport, type BoundaryReport } from '../boundary/index.ts'
export type { BoundaryOptions } from './boundary.ts'
export { RunHandle } from './handle.ts'
export { idsBy, type Ids } from './ids.ts'
export { fileOf, open, openStore, type OpenOptions } from './open.ts'
export type {
  By,
  Conflict,
  EraseWhat,
  Erasure,
  Flag,
  ItemsPage,
  ItemsQuery,
  LinkTo,
  MemoryImported,
  Profile,
  Recorded as MemoryItem,
} from '../memory/index.ts'
export type { Failures, FailuresQuery, MetFailure, ModeOfTask } from '../recovery/index.ts'
export { isHandoff } from '../continuity/index.ts'
export { issuesOf } from '../task/index.ts'
export {
  answerIn,
  putIn,
  questionOf,
  spoken,
  type AnswerBody,
  type Question,
  type QuestionStatus,
} from '../oversight/index.ts'
export type { RecordedThread, Thread } from '../continuity/index.ts'
export type { RunRow, RunsPage, RunsQuery, RunStatus } from './rows.ts'
export type { StartOptions } from './start.ts'
export type { Throughline } from './throughline.ts'
export type { Deployment, WorkerRow } from '../dispatch/postgres/index.ts'
export { BadImport, type ExportOptions, type Imported } from './transfer.ts'
// For the command line, which shows what is on record and finds the tasks in a user's file.
export {
  bodyOf,
  BodyTooLarge,
  decode,
  eventOf,
  isErased,
  kind,
  type Log,
  type StoredEvent,
} from '../log/index.ts'
export {
  contextHere,
  events,
  KeyReused,
  noteHere,
  read,
  type Resolution,
  type Waiting,
} from '../run/index.ts'
export {
  durationMs,
  isTask,
  task,
  type AnyTask,
  type Context,
  type ContextLog,
  type Duration,
  type Feedback,
  type Found,
  type GivenFeedback,
  type Kept,
  type LinkType,
  type StepOptions,
  type StepTools,
  type Task,
  type TaskDefinition,
  type ToolExtras,
  type ToolOptions,
} from '../task/index.ts'
export { modelEvents, recoveryEvents } from './feature-events.ts'
export { telemetryFromEnvironment, type Telemetry } from '../telemetry/index.ts'
