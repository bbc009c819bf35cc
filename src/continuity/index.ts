export {
  Briefs,
  type Acknowledgement,
  type AcknowledgeOptions,
  type Brief,
  type BriefOptions,
} from './briefs.ts'
export {
  BadBrief,
  BadHandoff,
  BadPlan,
  BadThread,
  BriefStale,
  BriefTooLarge,
  BriefUnknown,
  HandoffTaken,
  ThreadChanged,
  ThreadNotFound,
  ThreadOver,
} from './errors.ts'
export { handedBrief } from './handed.ts'
export { isHandoff, openHandoffs, type Handoff } from './handoffs.ts'
export { continuityFeature } from './feature.ts'
export { continuityProjection } from './projection.ts'
export { type OpenThread, type Thread, type ThreadChange, type ThreadState } from './thread.ts'
export {
  openThread,
  Threads,
  type RecordedThread,
  type Said,
  type ThreadsPage,
  type ThreadsQuery,
} from './threads.ts'
