/** A failure on its way to the record, and from it to the ladder. */
import type { Failure } from '../recovery/index.ts'
import type { FailedBody } from './events.ts'

type Recorded = Pick<FailedBody, 'mode' | 'isTransient' | 'retryAfterMs' | 'evidence'>

export const recorded = ({ mode, isTransient, retryAfterMs, evidence }: Failure): Recorded => ({
  mode,
  ...(isTransient ? { isTransient } : {}),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  evidence,
})

export const failureOf = ({ mode, isTransient = false, retryAfterMs, evidence }: Recorded): Failure => ({
  mode,
  isTransient,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  evidence,
})
