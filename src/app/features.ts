/** What the features add to the context of every body. */
import { continuityFeature } from '../continuity/index.ts'
import { memoryFeature } from '../memory/index.ts'
import { oversightFeature } from '../oversight/index.ts'
import type { Feature } from '../run/index.ts'

export const features: readonly Feature[] = [memoryFeature, continuityFeature, oversightFeature]
