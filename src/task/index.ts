export type {
  Branches,
  BranchOptions,
  CheckpointOptions,
  ChildOptions,
  Context,
  ContextLog,
  MapOptions,
  Reconciled,
  Retry,
  SpawnOptions,
  StepOptions,
  StepTools,
  WaitOptions,
} from './context.ts'
export { BadTask, isTask, task, type AnyTask, type Task, type TaskDefinition } from './define.ts'
export type {
  Convention,
  Corrected,
  Correction,
  Feedback,
  FeedbackRule,
  GivenFeedback,
  OutputPath,
} from './feedback.ts'
export { BadDuration, durationMs, type Duration } from './duration.ts'
export type {
  Alternative,
  DecideInput,
  Evidence,
  Found,
  Item,
  ItemKind,
  ItemStatus,
  Kept,
  Link,
  LinkType,
  RecallQuery,
  RememberInput,
  Rule,
} from './memory.ts'
export type { BriefText, HandedBrief, HandoffOptions, TakenOver } from './brief.ts'
export type { Plan, PlanStep } from './plan.ts'
export { InvalidValue, jsonSchemaOf, validate, type Issue, type Schema } from './schema.ts'
export type {
  AddOptions,
  Compacted,
  Compaction,
  CompactionLink,
  ContextWindow,
  Dropped,
  DroppedAs,
  Reported,
  Summariser,
  WindowOptions,
} from './window.ts'
export type { MemoryToolName, MemoryTools, MemoryToolsOptions } from './memory-tools.ts'
