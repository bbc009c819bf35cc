/** What the features add to the context of every body. */
import { boundaryFeature, windowFeature } from '../boundary/index.ts'
import { continuityFeature } from '../continuity/index.ts'
import { memoryFeature } from '../memory/index.ts'
import { memoryToolsFeature, modelFeature, type ModelSettings } from '../model/index.ts'
import { oversightFeature } from '../oversight/index.ts'
import { recoveryFeature } from '../recovery/index.ts'
import type { Feature } from '../run/index.ts'

/** `settings`: what an application says of its models. */
export const featuresOf = (settings: ModelSettings = {}): readonly Feature[] => [
  memoryFeature,
  boundaryFeature,
  windowFeature,
  continuityFeature,
  oversightFeature,
  recoveryFeature,
  memoryToolsFeature,
  modelFeature(settings),
]
