/** Every slice's projections. A module of its own, so that a writer on another thread can load it by its address. */
import { runsProjection } from '../run/index.ts'

export const projections = [runsProjection] as const
