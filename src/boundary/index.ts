export {
  BadMessage,
  BadWindow,
  compacted,
  contextCompacted,
  contextRefused,
  ContextOverflow,
  dropToolBodies,
  reportTo,
  summarise,
  window,
  windowFeature,
  type CompactedBody,
} from './window/index.ts'
