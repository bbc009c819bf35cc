/** What became of a change that was asked for. */
import { AlreadyThere, GuardFailed, OwnershipLost, StreamMoved, type Row } from '../log/index.ts'

/** What became of a change; plain data, so that it crosses a thread. */
export type Outcome =
  | { readonly at: number; readonly firstSeq: readonly number[]; readonly position: number }
  | {
      readonly refused: 'ownership_lost' | 'stream_moved' | 'already_there' | 'guard_failed'
      readonly what: string
      readonly row?: Row
    }

/** A refused change as the error its caller gets. */
export function refusal(outcome: Outcome | undefined): Error {
  if (!outcome || !('refused' in outcome)) return new Error('The writer gave no outcome for a change.')
  switch (outcome.refused) {
    case 'ownership_lost':
      return new OwnershipLost(outcome.what)
    case 'stream_moved':
      return new StreamMoved(outcome.what)
    case 'guard_failed':
      return new GuardFailed(outcome.what)
    case 'already_there':
      return new AlreadyThere(outcome.what, outcome.row ? { row: outcome.row } : {})
  }
}
