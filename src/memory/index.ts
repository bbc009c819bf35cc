export {
  BadErasure,
  BadItem,
  CheckFailed,
  DecisionConflict,
  ItemChanged,
  ItemNotFound,
  ItemOver,
} from './errors.ts'
export { RuleInvalid } from './rules/errors.ts'
export { type Conflict } from './conflicts.ts'
export type { EraseOptions, EraseWhat } from './erasing/asked.ts'
export type { Erasure } from './erasing/erase.ts'
export { memoryFeature } from './feature.ts'
export { itemRecorded, streamOf } from './events.ts'
export { checkScope, scopesAbove } from './item.ts'
export { Memory, type By, type EndOptions } from './memory.ts'
export { memoryProjection } from './projection.ts'
export {
  itemsByVersion,
  type ItemsPage,
  type ItemsQuery,
  type Recorded,
  type Recorded as MemoryItem,
} from './reading.ts'
