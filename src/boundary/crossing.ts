/** What becomes of a breach that ends the run: the steps it may take, or its time, are used up. */
import type { Hands } from '../run/index.ts'
import type { Breach } from './breach.ts'

/** Never settles. */
export function cross(hands: Hands, { error, action }: Breach): Promise<never> {
  return action === 'compensate' ? hands.fail(error) : hands.halt(error)
}
