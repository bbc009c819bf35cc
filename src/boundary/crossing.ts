/** What becomes of a breach that no call of a model or tool can mend: the way out that was declared for it, or a halt. */
import type { Hands } from '../run/index.ts'
import type { Breach } from './breach.ts'

/** Never settles. */
export function cross(hands: Hands, { error, wayOut }: Breach): Promise<never> {
  const isUndone = wayOut?.rungs.some(({ kind }) => kind === 'compensate') ?? false
  return isUndone ? hands.fail(error) : hands.halt(error)
}
