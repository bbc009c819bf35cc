/** What continuity adds to the context of every body. */
import type { Feature } from '../run/index.ts'
import { planContext } from './plan.ts'

export const continuityFeature: Feature = { context: planContext }
