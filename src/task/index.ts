export type { Boundary, Budget, Invariant, Limit, SideEffect } from './boundary.ts'
export { BadBoundary, isFinal, type Bounds, type Counted, type DeclaredLimits, type Pace } from './bounds.ts'
export type { CheckpointOptions, Conservation, Kept as KeptPath, ValuePath } from './checkpoint.ts'
export { hostOf, isAtHost, type Host } from './host.ts'
export { narrowed, type Ledger, type Narrowed } from './narrowing.ts'
export type {
  Branches,
  BranchOptions,
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
export type { ModelContext, ModelOptions, ToolExtras, ToolOptions } from './model.ts'
export type { BriefText, HandedBrief, HandoffOptions, TakenOver } from './brief.ts'
export { BadRecovery, isLadder, isTaskLike, nameOfTarget } from './ladder.ts'
export { issuesOf } from './json-schema.ts'
export type { Approval, ApproveOptions, Ask, Asked, AskOptions, ChoiceOptions, Edit } from './oversight.ts'
export type { Plan, PlanStep } from './plan.ts'
export type {
  AskRung,
  EscalateRung,
  FallbackTarget,
  Ladder,
  RecoverOptions,
  RecoverTools,
  Recovery,
  RecoveryKey,
  RepairRung,
  RetryRung,
  Rung,
  SeenFailure,
} from './recovery.ts'
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
