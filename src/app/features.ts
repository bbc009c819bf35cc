/** What the features add to the context of every body. */
import { windowFeature } from '../boundary/index.ts'
import { continuityFeature } from '../continuity/index.ts'
import { memoryFeature } from '../memory/index.ts'
import { memoryToolsFeature } from '../model/index.ts'
import type { Feature } from '../run/index.ts'

export const features: readonly Feature[] = [
  memoryFeature,
  continuityFeature,
  windowFeature,
  memoryToolsFeature,
]
