/**
 * What came out of memory does not go in again as news.
 *
 * L1. A statement that carries the tag of an item and says no more is that item. So is one that repeats what recall gave the run that
 *     says it, tag or no tag: a model that was told something tells it again.
 * L2. A statement that carries tags and says more is kept without them, and says what it was derived from.
 */
import { encode, type Log } from '../log/index.ts'
import type { Item } from '../task/index.ts'
import { asAt, isLive } from './expiry.ts'
import type { Author, ItemInput } from './item.ts'
import { itemsOf } from './reading.ts'
import { derivedFrom, isOnly, untagged } from './tag.ts'
import { seenBy } from './uses.ts'

export interface Learned {
  /** What is to be recorded, its tags taken off. */
  readonly input: ItemInput
  /** What it only repeats: nothing is to be recorded. */
  readonly known: Item | undefined
}

export async function learned(
  { log, now, by }: { readonly log: Log; readonly now: () => number; readonly by: Author },
  input: ItemInput,
): Promise<Learned> {
  if (typeof input.statement !== 'string') return { input, known: undefined } // refused later, by name
  const { text, items } = untagged(input.statement)
  const seen = by.run === undefined || input.supersedes !== undefined ? [] : await seenBy(log, by.run)
  const asked = [...new Set([...items, ...seen])]
  if (asked.length === 0) return { input, known: undefined }
  const rows = await log.select('items', { where: { item: { in: asked }, replaced_at: null } })
  const standing = await itemsOf(
    log,
    rows.filter(({ status }) => isLive(String(status))),
  )
  const live = standing.filter((item) => isLive(asAt(item, now()).status))
  const isSame = (item: Item) =>
    item.kind === input.kind &&
    (item.kind !== 'decision' || items.includes(item.id)) && // decided again, for reasons of its own, is decided again
    (input.value === undefined || encode(input.value) === encode(item.value)) &&
    isOnly(text, item)
  const known = input.supersedes === undefined ? live.find(isSame) : undefined
  if (items.length === 0) return { input, known }
  const there = new Set(rows.map(({ item }) => String(item)))
  const links = [...(input.links ?? []), ...derivedFrom(items.filter((id) => there.has(id)))]
  return { input: { ...input, statement: text, links }, known }
}
