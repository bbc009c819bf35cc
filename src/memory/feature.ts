/** `ctx.decide`, `ctx.remember` and `ctx.recall`: what a body keeps is on the record with it, or not at all. */
import type { Feature, Hands } from '../run/index.ts'
import type { Context, Kept, RecallQuery } from '../task/index.ts'
import { asItem, type ItemInput } from './item.ts'
import { outputGate, stepGate } from './gates.ts'
import { recallOf, type Named } from './recall.ts'
import { seenByFork } from './overlay.ts'
import { checkFilters } from './reading.ts'
import { recording, type Pen } from './writing.ts'

function memoryContext(hands: Hands): Partial<Context> {
  const { run, forks, log, newId, now, keep } = hands
  const pen: Pen = { log, newId, now, by: { author: run.id, run: run.id, scope: run.scope ?? '' } }
  // The operation's value is what `recording` said it would be.
  const kept = (call: string, subject: string, item: () => ItemInput) =>
    keep(call, subject, () => recording(pen, item())) as Promise<Kept>
  return {
    async recall(query = {}) {
      const about = { scope: run.scope ?? '', ...query }
      const recall = recallOf(log)
      const named = await keep('recall', nameOf(about), async () => {
        checkFilters(about)
        return { appends: [], value: await seenByFork(log, forks, await recall.names(about, now())) }
      })
      return recall.said(named as readonly Named[]) // what this operation records
    },
    decide: (decision) => kept('decide', String(decision.subject), () => asItem(decision)),
    remember: (item) => kept('remember', String(item.subject), () => item),
  }
}

export const memoryFeature: Feature = { context: memoryContext, gate: outputGate, stepGate }

/** The operation's name: what was asked, as far as a name may hold it. */
function nameOf({ query, subject, kinds }: RecallQuery): string {
  const asked = query ?? subject ?? kinds?.join(' ') ?? 'everything'
  const name = asked
    .slice(0, 80)
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}›]+/gu, ' ')
    .trim()
  return name === '' ? 'everything' : name
}
