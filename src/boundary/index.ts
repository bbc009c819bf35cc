export { wayOutOf, type Breach } from './breach.ts'
export { BoundaryBreached, CheckFailed, InvariantBroken, LowConfidence, PartialLoss } from './errors.ts'
export { boundaryBreached, type BreachedBody } from './events.ts'
export { boundaryFeature } from './feature.ts'
export { boundaryOf, isBreach, type Limits, type Need, type Reservation, type Used } from './limits.ts'
export { budgetsProjection } from './projection.ts'
export {
  BadMessage,
  BadWindow,
  compacted,
  contextCompacted,
  ContextOverflow,
  dropToolBodies,
  reportTo,
  summarise,
  window,
  windowFeature,
  type CompactedBody,
} from './window/index.ts'
export { boundaryReport, boundaryReportOf, type BoundaryReport, type Spend } from './report.ts'
export type { LimitLine } from './sentences.ts'
