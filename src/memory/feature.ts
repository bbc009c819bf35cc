/** `ctx.decide` and `ctx.remember`: what a body keeps is on the record with it, or not at all. */
import type { Feature } from '../run/index.ts'
import type { Kept } from '../task/index.ts'
import { asItem, type Author, type ItemInput } from './item.ts'
import { recording } from './writing.ts'

export const memoryFeature: Feature = ({ run, log, newId, keep }) => {
  const by: Author = { author: run.id, run: run.id, scope: run.scope ?? '' }
  // The operation's value is what `recording` said it would be.
  const kept = (call: string, subject: string, item: () => ItemInput) =>
    keep(call, subject, () => recording(log, newId, item(), by)) as Promise<Kept>
  return {
    decide: (decision) => kept('decide', String(decision.subject), () => asItem(decision)),
    remember: (item) => kept('remember', String(item.subject), () => item),
  }
}
