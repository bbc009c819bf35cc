/** A limit that would be crossed, as data: what, by how much, who declared it, and what is to be done. */
import type { Failure } from '../recovery/index.ts'
import type { Hands } from '../run/index.ts'
import type { Ladder, Limit } from '../task/index.ts'
import { BoundaryBreached } from './errors.ts'

export interface Crossed {
  readonly what: Limit
  readonly limit: unknown
  readonly actual: unknown
  /** The run that declared it. */
  readonly by: string
  /** A sentence. */
  readonly message: string
}

export interface Breach extends Crossed {
  readonly operation: string
  readonly error: BoundaryBreached
  /** For the recovery that follows (mode `boundary_breach`). */
  readonly failure: Failure
  /** What the task declared for this limit; undefined: nothing. */
  readonly wayOut: Ladder | undefined
}

/** The way out that a task declared for the limit a failure is about; undefined where it declared none, or the failure is no breach. */
export function wayOutOf({ task }: Pick<Hands, 'task'>, { mode, evidence }: Failure): Ladder | undefined {
  const ways: Readonly<Record<string, Ladder | undefined>> = task.boundary?.onBreach ?? {}
  return mode === 'boundary_breach' && evidence.code !== undefined ? ways[evidence.code] : undefined
}

export function breachOf(hands: Pick<Hands, 'task'>, crossed: Crossed, operation: string): Breach {
  const { what, limit, actual, by, message } = crossed
  const error = new BoundaryBreached(what, message, { limit, actual, by, operation })
  return {
    ...crossed,
    operation,
    error,
    failure: {
      mode: 'boundary_breach',
      isTransient: false,
      evidence: { name: error.name, message: error.message, code: what },
    },
    wayOut: hands.task.boundary?.onBreach[what],
  }
}
