/** A limit that would be crossed, as data: what, by how much, who declared it, and what is to be done. */
import type { Failure } from '../recovery/index.ts'
import type { Hands } from '../run/index.ts'
import { isFinal, type Ladder, type Limit, type Rung } from '../task/index.ts'
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
  /** The first rung of it. */
  readonly action: Rung['kind']
}

const lastWord = (wayOut: Ladder | undefined): 'halt' | 'compensate' =>
  wayOut?.rungs.some(({ kind }) => kind === 'compensate') ? 'compensate' : 'halt'

/** The way out that a task declared for the limit a failure is about; undefined where it declared none, or the failure is no breach. */
export function wayOutOf({ task }: Pick<Hands, 'task'>, { mode, evidence }: Failure): Ladder | undefined {
  const ways: Readonly<Record<string, Ladder | undefined>> = task.boundary?.onBreach ?? {}
  return mode === 'boundary_breach' && evidence.code !== undefined ? ways[evidence.code] : undefined
}

export function breachOf(hands: Pick<Hands, 'task'>, crossed: Crossed, operation: string): Breach {
  const { what, limit, actual, by, message } = crossed
  const error = new BoundaryBreached(what, message, { limit, actual, by, operation })
  const wayOut = hands.task.boundary?.onBreach[what]
  return {
    ...crossed,
    operation,
    wayOut,
    action: isFinal(what) ? lastWord(wayOut) : (wayOut?.rungs[0]?.kind ?? 'halt'),
    error,
    failure: {
      mode: 'boundary_breach',
      isTransient: false,
      evidence: { name: error.name, message: error.message, code: what },
    },
  }
}
