export { BadMessage, BadWindow, ContextOverflow } from './errors.ts'
export { contextCompacted, contextRefused, type CompactedBody } from './events.ts'
export { compacted, reportTo, windowFeature } from './feature.ts'
export { dropToolBodies, summarise, window } from './strategy.ts'
