export {
  BadItem,
  CheckFailed,
  DecisionConflict,
  ItemChanged,
  ItemNotFound,
  ItemOver,
  RecallUnavailable,
} from './errors.ts'
export type { Serving } from './desk.ts'
export type { Embedder } from './embedder.ts'
export { RuleInvalid } from './rules/errors.ts'
export { type Conflict } from './conflicts.ts'
export { memoryFeature } from './feature.ts'
export { itemRecorded, streamOf } from './events.ts'
export { checkScope, scopesAbove } from './item.ts'
export { Memory, type By, type EndOptions } from './memory.ts'
export { memoryProjection } from './projection.ts'
export { serveRecall } from './recall.ts'
export { type ItemsPage, type ItemsQuery, type Recorded, type Recorded as MemoryItem } from './reading.ts'
export { usesProjection, type Use, type UseKind } from './uses.ts'
