/** `ctx.decide`, `ctx.remember` and `ctx.checkpoint`: what a body keeps is on the record with it, or not at all. */
import type { Feature, Hands } from '../run/index.ts'
import type { Context, Kept } from '../task/index.ts'
import { asItem, type Author, type ItemInput } from './item.ts'
import { outputGate, pass } from './checkpoint.ts'
import { recording } from './writing.ts'

function memoryContext(hands: Hands): Partial<Context> {
  const { run, log, newId, keep } = hands
  const by: Author = { author: run.id, run: run.id, scope: run.scope ?? '' }
  // The operation's value is what `recording` said it would be.
  const kept = (call: string, subject: string, item: () => ItemInput) =>
    keep(call, subject, () => recording(log, newId, item(), by)) as Promise<Kept>
  return {
    checkpoint: (name, value, options = {}) => pass(hands, name, value, options as never) as Promise<never>, // as the schema types say
    decide: (decision) => kept('decide', String(decision.subject), () => asItem(decision)),
    remember: (item) => kept('remember', String(item.subject), () => item),
  }
}

export const memoryFeature: Feature = { context: memoryContext, gate: outputGate }
