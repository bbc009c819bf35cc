/** Every slice's projections. A module of its own, so that a writer on another thread can load it by its address. */
import { budgetsProjection } from '../boundary/index.ts'
import { continuityProjection } from '../continuity/index.ts'
import { feedbackProjection, memoryProjection, usesProjection } from '../memory/index.ts'
import { questionsProjection } from '../oversight/index.ts'
import { breakersProjection, failuresProjection } from '../recovery/index.ts'
import { runsProjection } from '../run/index.ts'

export const projections = [
  runsProjection,
  memoryProjection,
  feedbackProjection,
  usesProjection,
  continuityProjection,
  questionsProjection,
  budgetsProjection,
  breakersProjection,
  failuresProjection,
] as const
