/** What breakers leave on the record: the circuit as it is from then on, on a stream of its own that all runs share. */
import { kind } from '../../log/index.ts'
import type { FailureMode } from '../modes.ts'
import type { Circuit } from './circuit.ts'

export interface BreakerChanged {
  readonly breaker: string
  readonly circuit: Circuit
  /** A call is made to see whether it goes again; until then no other is, unless its process dies. */
  readonly trialUntil?: number
  /** What was seen last of a failure; not what was said, which may be about somebody. */
  readonly last?: {
    readonly mode: FailureMode
    readonly name: string
    readonly status?: number
    readonly code?: string
  }
}

export const breakerChanged = kind<BreakerChanged>('breaker.changed')

// It ends in a slash, as no stream of a run does.
export const breakerStream = (breaker: string): string => `breaker/${breaker}/`
