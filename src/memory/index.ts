export {
  BadErasure,
  BadItem,
  BadMemoryImport,
  DecisionConflict,
  ImportConflict,
  ItemChanged,
  ItemNotFound,
  ItemOver,
  RecallUnavailable,
} from './errors.ts'
export { bind, type Against, type Bound } from './binding.ts'
export type { Serving } from './desk.ts'
export type { Embedder } from './embedder.ts'
export { RuleInvalid } from './rules/errors.ts'
export { type Conflict } from './conflicts.ts'
export {
  BadFeedback,
  correctedBy,
  feedbackOf,
  feedbackProjection,
  FeedbackStale,
  finished,
  giveFeedback,
  NoOutput,
  type FeedbackParts,
} from './feedback/index.ts'
export type { EraseOptions, EraseWhat } from './erasing/asked.ts'
export type { Erasure } from './erasing/erase.ts'
export { memoryFeature } from './feature.ts'
export { itemFlagged, itemRecorded, streamOf } from './events.ts'
export { type Flag } from './flags.ts'
export { type LinkTo } from './links.ts'
export { checkScope, scopesAbove } from './item.ts'
export { Memory, type By, type EndOptions } from './memory.ts'
export { type Listed, type Profile } from './profile.ts'
export { memoryProjection } from './projection.ts'
export { liveInFork } from './overlay.ts'
export { serveRecall } from './recall.ts'
export { tagged } from './tag.ts'
export {
  itemsByVersion,
  type ItemsPage,
  type ItemsQuery,
  type Recorded,
  type Recorded as MemoryItem,
} from './reading.ts'
export {
  type ImportedChange,
  type MemoryExportOptions,
  type MemoryImported,
  type MemoryImportOptions,
} from './transfer/index.ts'
export { usesProjection, type Use, type UseKind } from './uses.ts'
