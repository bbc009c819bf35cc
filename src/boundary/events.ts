/** What is recorded of limits: reservations and what came of them on the stream of the ledger, breaches on the run's own. */
import { kind } from '../log/index.ts'
import type { Counted, Limit } from '../task/index.ts'

export type Amounts = Readonly<Partial<Record<Counted, number>>>

export interface Entry {
  /** The run that calls. */
  readonly by: string
  readonly kind: 'model' | 'tool' | 'step'
  readonly name: string
  readonly amounts: Amounts
}

/** Before a call. `slot`: its place among the calls of a rate. */
export const budgetReserved = kind<Entry & { readonly slot?: number }>('budget.reserved')
/** After it: by how much it used less, or more; and what it had reserved. */
export const budgetSettled = kind<Entry & { readonly was: Amounts }>('budget.settled')

export interface BreachedBody {
  readonly what: Limit
  readonly limit: unknown
  readonly actual: unknown
  /** Who declared the limit. */
  readonly by: string
  readonly operation: string
  /** The first rung of the declared way out, or `halt`. */
  readonly action: string
}

export const boundaryBreached = kind<BreachedBody>('boundary.breached')
