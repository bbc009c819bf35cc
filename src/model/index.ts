/** Models and tools of the AI SDK, on the record. */
export { BadModel, ModelUnknown } from './errors.ts'
export {
  modelAnswered,
  modelAsked,
  modelAttempted,
  modelFailed,
  modelText,
  toolAttempted,
  toolCalled,
  toolFailed,
  toolReturned,
  type AnsweredBody,
  type AskedBody,
  type FailedBody,
} from './events.ts'
export { modelFeature, type ModelSettings } from './feature.ts'
export { memoryToolsFeature } from './memory-tools.ts'
export type { Models } from './named.ts'
export { isRecorded, markRecorded } from './recorded.ts'
export { troubleWithPrices, type Price, type Prices } from './price.ts'
export { SdkMissing } from './sdk.ts'
export { textBrought } from './texts.ts'
