/** How sure a value is said to be, against how sure it has to be. */
import { LowConfidence } from './errors.ts'
import { foundAt } from './paths.ts'

export interface Sure {
  readonly minimum: number | undefined
  /** A number, or where it is in the value; where there are several, the least counts. Undefined: in `confidence`, if it has one. */
  readonly stated: number | string | undefined
}

/** What is wrong with it, if anything: a confidence that is declared to be there and cannot be read is none. */
export function lacking(stage: string, value: unknown, { minimum, stated }: Sure): LowConfidence | undefined {
  if (minimum === undefined) return undefined
  const at = stated ?? (hasConfidence(value) ? 'confidence' : undefined)
  if (at === undefined) return undefined
  const confidence = typeof at === 'number' ? at : leastOf(value, at)
  const isSure = typeof confidence === 'number' && confidence >= minimum && confidence <= 1
  return isSure ? undefined : new LowConfidence(stage, confidence, minimum)
}

const hasConfidence = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'confidence')

function leastOf(value: unknown, path: string): unknown {
  const { leaves, missing } = foundAt(value, path)
  const isRead =
    missing.length === 0 && leaves.length > 0 && leaves.every((one) => typeof one === 'number' && one >= 0)
  return isRead ? Math.min(...(leaves as number[])) : undefined // numbers, as was just seen
}
