/**
 * One compaction as an operation of its run: `context.compacted`, or `context.refused`.
 *
 * O1. Its outcome names what became of each message, by id and digest. A replay applies that, whatever the code says by then.
 * O2. It is tried once. What is still too much then, or no less than before, is refused whole: nothing is left out in vain.
 */
import { messageOf } from '../../errors.ts'
import { eventOf } from '../../log/index.ts'
import { read, type Hands, type Work } from '../../run/index.ts'
import type { Compaction, CompactionLink, ItemKind, WindowOptions } from '../../task/index.ts'
import { Draft, withoutBodies } from './compaction.ts'
import type { Entry } from './entries.ts'
import { ContextOverflow } from './errors.ts'
import { contextCompacted, contextRefused, type CompactedBody } from './events.ts'
import { headOf } from './head.ts'
import { measured } from './measure.ts'
import { digestOf } from './message.ts'
import { linesOf, standing } from './standing.ts'
import { nameOf } from './strategy.ts'
import { summaryOf } from './summary.ts'
import type { Stand } from './window.ts'

/** What a window of its own accord says, whatever is declared. */
const ALWAYS: readonly ItemKind[] = ['decision', 'constraint', 'question']
const MORE: readonly ItemKind[] = ['fact', 'commitment', 'preference', 'assumption', 'risk']
/** Of a conversation, in one question to whoever summarises it: in tokens. */
const LARGEST_PIECE = 30_000
const SMALLEST_PIECE = 4000

interface Asked {
  readonly stand: Stand
  readonly strategy: Compaction
  readonly limit: number | undefined
  readonly options: WindowOptions
}

/** @throws {ContextOverflow} */
export async function compact(hands: Hands, asked: Asked): Promise<CompactedBody> {
  const begin = (work: Work): void => {
    if (!work.mayBegin()) return
    // What it performs is performed in a branch of its own, which a replay passes over once the outcome is there.
    void work.inside(async () => {
      const event = await decided(hands, asked, work).catch((error: unknown) => refusal(asked, work, error))
      work.effect(() => work.settle([event]))
    })
  }
  const body = await hands.perform({
    kind: 'context',
    name: 'compact',
    begin,
    meaning(event) {
      if (event.kind === contextCompacted.name) return { value: read(contextCompacted, event) }
      const { e, limit, ...refused } = read(contextRefused, event)
      const cause = e === undefined ? undefined : new Error(e)
      return { error: new ContextOverflow({ ...refused, limit, cause }) }
    },
  })
  return body as CompactedBody // as `meaning` reads it
}

async function decided(hands: Hands, asked: Asked, work: Work) {
  const { stand, strategy, limit, options } = asked
  const { estimate } = stand
  const kept = await standing(hands, [...ALWAYS, ...MORE.filter((kind) => options.keep?.includes(kind))])
  const lines = await linesOf(hands, kept)
  const sizeOfHead = (summary: string | undefined, gone: number): number =>
    measured(headOf({ gone: stand.gone + gone, lines, summary }))
  const before = estimate(stand.sum + sizeNow(stand, lines))
  const head = sizeOfHead(stand.summary, stand.entries.length)
  const draft = draftOf(stand, head, Math.min(limit ?? Infinity, before))
  let { summary } = stand
  for (const link of strategy.links) {
    if (draft.isDone) break
    if (link.name === 'dropToolBodies') draft.dropToolBodies(link)
    else if (link.name === 'window') draft.window(link)
    else summary = await summarised(draft, link, { ...asked, hands, work, summary, sizeOfHead })
  }
  const after = estimate(draft.sum)
  const name = nameOf(strategy)
  const most = limit === undefined || limit === Infinity ? {} : { limit }
  if (after >= before || after > (limit ?? Infinity)) {
    const bound = estimate(draft.bound)
    return eventOf(contextRefused, { strategy: name, before, after, ...most, bound }, work.ref)
  }
  const dropped = [...draft.fates].map(([id, as]) => {
    const entry = entryOf(stand, id)
    const saved = measured(entry.shown) - (as === 'emptied' ? measured(withoutBodies(entry)) : 0)
    return [id, as, digestOf(entry.message), saved] as const
  })
  const body = { strategy: name, before, after, ...most, dropped, kept }
  return eventOf(contextCompacted, summary === undefined ? body : { ...body, summary }, work.ref)
}

/** Something on the way failed: a model that was to summarise, say. */
function refusal({ stand, strategy, limit }: Asked, work: Work, error: unknown) {
  const before = stand.estimate(stand.sum)
  const most = limit === undefined || limit === Infinity ? {} : { limit }
  const e = messageOf(error).slice(0, 2000)
  return eventOf(contextRefused, { strategy: nameOf(strategy), before, after: before, ...most, e }, work.ref)
}

/** With the head that is shown so far, if one is. */
const sizeNow = ({ gone, summary }: Stand, lines: readonly string[]): number =>
  gone === 0 && summary === undefined ? 0 : measured(headOf({ gone, lines, summary }))

/** Half of the room that is not bound is to be free. */
function draftOf({ entries, sum, estimate }: Stand, head: number, limit: number): Draft {
  const ground = { entries, sum: sum + head, isTooMuch: () => true }
  const bound = estimate(new Draft(ground).bound)
  const target = bound + (limit - bound) / 2
  return new Draft({ ...ground, isTooMuch: (own) => estimate(own) > target })
}

interface Summarised extends Asked {
  readonly hands: Hands
  readonly work: Work
  readonly summary: string | undefined
  readonly sizeOfHead: (summary: string | undefined, gone: number) => number
}

async function summarised(
  draft: Draft,
  link: Extract<CompactionLink, { name: 'summarise' }>,
  { stand, limit, hands, work, summary, sizeOfHead }: Summarised,
): Promise<string | undefined> {
  const { model, maxTokens } = link
  const chosen = draft.toSummarise(link, maxTokens)
  if (chosen.length === 0) return summary
  const { model: modelOf } = hands.context() as { model?: (model: never) => unknown }
  const text = await summaryOf(
    chosen.map((entry) => entry.shown),
    {
      model,
      maxTokens,
      before: summary,
      piece: Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, Math.floor((limit ?? Infinity) / 2))),
      modelOf: modelOf as ((model: unknown) => unknown) | undefined,
      signal: work.signal,
    },
  )
  if (text === '') return summary // nothing was said of it: it stays
  const all = stand.entries.length
  draft.summarised(chosen, sizeOfHead(text, all) - sizeOfHead(summary, all))
  return text
}

function entryOf({ entries }: Stand, id: string): Entry {
  const entry = entries.find((one) => one.id === id)
  if (!entry) throw new Error(`Message ${id} is not in the window.`)
  return entry
}
