/** What becomes of a breach that ends the run: the steps it may take, or its time, are used up. */
import type { Hands } from '../run/index.ts'
import type { Breach } from './breach.ts'

/** When time is up, what is under way is told to stop; in any other case it is recorded first. */
export function cross(hands: Hands, { what, error, action }: Breach): void {
  const isNow = what === 'duration'
  if (action === 'compensate') return isNow ? hands.failNow(error) : void hands.fail(error)
  void (isNow ? hands.halt(error) : hands.haltInTurn(error))
}
