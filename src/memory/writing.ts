/**
 * What is to be committed when memory changes. Nothing is written here: a run commits it with its own record, `tl.memory` by itself.
 *
 * W1. A version is made from the one that was read: whoever made it meanwhile wins, and the other is told by whom (P1 of projection.ts).
 * W2. What supersedes an item, and the item's end, are one commit.
 */
import { eventOf, type Append, type Log } from '../log/index.ts'
import type { Item, ItemStatus, Kept, Link, Rule } from '../task/index.ts'
import { against } from './conflicts.ts'
import { BadItem, ItemChanged, ItemOver } from './errors.ts'
import { itemRecorded, streamOf } from './events.ts'
import { newItem, type Author, type ItemInput } from './item.ts'
import { itemById, type Recorded } from './reading.ts'

export interface Writing {
  readonly appends: readonly Append[]
  readonly value: Kept
}

export interface Ending {
  readonly status: Exclude<ItemStatus, 'proposed' | 'erased'>
  readonly because: string | undefined
  /** The version that was read; whichever stands unless told. */
  readonly version?: number
  /** What replaces it. */
  readonly by?: string
}

const LIVE: readonly ItemStatus[] = ['active', 'proposed']

/** @throws {BadItem} @throws {RuleInvalid} @throws {ItemNotFound} @throws {ItemChanged} @throws {ItemOver} */
export async function recording(
  log: Log,
  newId: (prefix: string) => string,
  input: ItemInput,
  by: Author,
): Promise<Writing> {
  const { supersedes, ...given } = input
  const draft = newItem(newId('item'), given, by)
  if (draft.rule) await checkCondition(draft.rule)
  const old = supersedes === undefined ? undefined : await replaced(log, supersedes)
  const others = (await against(log, draft))
    .map((row) => String(row['item']))
    .filter((id) => id !== old?.item.id)
  const links: readonly Link[] = [
    ...draft.links,
    ...(old ? [{ type: 'supersedes', to: old.item.id } as const] : []),
    ...others.map((to) => ({ type: 'contradicts', to }) as const),
  ]
  const item = { ...draft, links }
  const appends = [appendOf(item)]
  if (old) {
    const { because } = item
    appends.push(appendOf(changed(old.item, { status: 'superseded', because, by: item.id }, by)))
  }
  return { appends: merged(appends), value: { id: item.id, version: 1, conflicts: others } }
}

/** The next version of an item, in another status. @throws {ItemNotFound} @throws {ItemChanged} @throws {ItemOver} */
export async function ending(log: Log, id: string, how: Ending, by: Author): Promise<Writing> {
  const item = await standing(log, id, how.version)
  const next = changed(item, how, by)
  return { appends: [appendOf(next)], value: { id, version: next.version, conflicts: [] } }
}

/** Loaded when the first rule comes: it is a parser and an evaluator. @throws {RuleInvalid} says what is wrong with it, and where */
async function checkCondition(rule: Rule): Promise<void> {
  const { compileRule } = await import('./rules/index.ts')
  compileRule(rule)
}

async function replaced(
  log: Log,
  supersedes: NonNullable<ItemInput['supersedes']>,
): Promise<{ readonly item: Recorded }> {
  const { id, version } = typeof supersedes === 'string' ? { id: supersedes, version: undefined } : supersedes
  return { item: await standing(log, id, version) }
}

async function standing(log: Log, id: string, version: number | undefined): Promise<Recorded> {
  const item = await itemById(log, id)
  if (version !== undefined && version !== item.version) throw new ItemChanged(id, version, item)
  if (!LIVE.includes(item.status)) throw new ItemOver(id, item.status, item.change?.by)
  return item
}

function changed(item: Recorded, { status, because, by: successor }: Ending, by: Author): Item {
  if (because !== undefined && (because.trim() === '' || because.length > MOST_REASON))
    throw new BadItem('because', `it must be text of 1 to ${MOST_REASON} characters.`)
  const { recordedAt: _recordedAt, replacedAt: _replacedAt, ...rest } = item
  const change = { because, by: successor }
  return { ...rest, version: item.version + 1, status, author: by.author, run: by.run, change }
}

const MOST_REASON = 20_000

function appendOf(item: Item): Append {
  const kept = Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))
  const body = { item: { ...kept, id: item.id, version: item.version } }
  return {
    stream: streamOf(item.scope),
    expected: 'any',
    events: [eventOf(itemRecorded, body, undefined, item.author)],
  }
}

/** One append a stream. */
function merged(appends: readonly Append[]): readonly Append[] {
  const byStream = Map.groupBy(appends, ({ stream }) => stream)
  return [...byStream].map(([stream, of]) => ({
    stream,
    expected: 'any' as const,
    events: of.flatMap(({ events }) => events),
  }))
}
