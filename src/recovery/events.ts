/**
 * What recovering leaves on the record of a run.
 *
 * A walk is a row of operations named after what failed, one a rung. `met` and `skipped` are told with the rung that followed; an id of a
 * failure is its operation's path and number, the same in every life of the run.
 */
import { kind } from '../log/index.ts'
import type { Evidence, FailureMode } from './modes.ts'

/** A failure was met: how often one of its mode is met in a run is how many of these it has. */
export const recoveryMet = kind<{
  readonly failure: string
  readonly task: string
  readonly mode: FailureMode
  readonly operation: string
  readonly evidence: Evidence
  /** The task declares a ladder for it. */
  readonly isHandled: boolean
}>('recovery.met')

/** A rung was passed over, since the caller cannot do it, or it would not help. */
export const recoverySkipped = kind<{
  readonly mode: FailureMode
  readonly operation: string
  readonly rung: string
  readonly because: string
}>('recovery.skipped')

/** A rung is taken. `halt` and `compensate` end the walk. */
export interface RungTaken {
  readonly mode: FailureMode
  readonly operation: string
  readonly rung: string
  /** Of this walk, from 1. */
  readonly number: number
  readonly because: string
  /** The failures this walk has met and not come out of. */
  readonly failures: readonly string[]
  /** To what a fallback goes, whom a question is for. */
  readonly to?: string
  /** How long it is waited before. */
  readonly pauseMs?: number
  /** How often the run had been resumed: a halt holds until it is resumed once more. */
  readonly resumed?: number
}
export const recoveryRung = kind<RungTaken>('recovery.rung')

/** The walk came out: the rung it took last did it. */
export const recoveryOver = kind<{
  readonly operation: string
  readonly by: string
  readonly failures: readonly string[]
}>('recovery.over')
