/**
 * What is to be committed when memory changes. Nothing is written here: a run commits it with its own record, `tl.memory` by itself.
 *
 * W1. A version is made from the one that was read: whoever made it meanwhile wins, and the other is told by whom (P1 of projection.ts).
 * W2. What supersedes an item, and the item's end, are one commit; so are an answer and the end of its question, and an end and the
 *     flags it raises.
 */
import { eventOf, type Append, type Change, type Log } from '../log/index.ts'
import type { Item, ItemStatus, Kept, Link, Rule } from '../task/index.ts'
import { against } from './conflicts.ts'
import { BadItem, ItemChanged, ItemOver } from './errors.ts'
import { itemFlagged, itemRecorded, streamOf, type ItemFlagged, type ItemRecorded } from './events.ts'
import { isLive } from './expiry.ts'
import { raised } from './flags.ts'
import { checkReason, newItem, type Author, type ItemInput } from './item.ts'
import { learned } from './learning.ts'
import { itemById, type Recorded } from './reading.ts'
import { targetsOf } from './targets.ts'

/** Who writes, and with what. */
export interface Pen {
  readonly log: Log
  readonly newId: (prefix: string) => string
  /** The store's time. */
  readonly now: () => number
  readonly by: Author
}

export interface Writing extends Change {
  readonly value: Kept
}

/** A version that is to be put on the record. */
export interface Put extends Omit<ItemRecorded, 'item'> {
  readonly item: Item
  /** Its links are others than those of the version before. */
  readonly isLinked: boolean
}

export interface Ending {
  readonly status: Exclude<ItemStatus, 'proposed' | 'erased'>
  readonly because: string | undefined
  /** The version that was read; whichever stands unless told. */
  readonly version?: number
  /** What replaces it. */
  readonly by?: string
}

/** @throws {BadItem} @throws {RuleInvalid} @throws {ItemNotFound} @throws {ItemChanged} @throws {ItemOver} */
export async function recording(pen: Pen, given: ItemInput): Promise<Writing> {
  const { input, known } = await learned(pen, given)
  if (known)
    return { appends: [], value: { id: known.id, version: known.version, conflicts: [], isKnown: true } }
  const { item, puts, conflicts } = await drafted(pen, input)
  return written(pen.log, puts, { id: item.id, version: 1, conflicts })
}

/** The next version of an item, in another status. @throws {ItemNotFound} @throws {ItemChanged} @throws {ItemOver} */
export async function ending(pen: Pen, id: string, how: Ending): Promise<Writing> {
  const puts = await ended(pen, id, how)
  return written(pen.log, puts, { id, version: puts[0]?.item.version ?? 1, conflicts: [] })
}

/** It was looked at, and holds; `until` when it is to be looked at again. @throws as `ending` does */
export async function reviewing(
  pen: Pen,
  id: string,
  how: { readonly because: string; readonly until?: Date; readonly version?: number },
): Promise<Writing> {
  const { until, version } = how
  if (until !== undefined && !(until instanceof Date && until.getTime() > pen.now()))
    throw new BadItem('until', 'give a date in the future: when it is to be looked at again.')
  const item = await standing(pen.log, id, version)
  if (item.status !== 'active')
    throw new BadItem(
      'status',
      `${id} is ${item.status}; what is proposed is accepted: throughline memory accept ${id}.`,
    )
  const next = changed(item, { status: item.status, because: how.because }, pen.by)
  const isPast = item.reviewAt !== undefined && item.reviewAt.getTime() <= pen.now()
  const reviewAt = until ?? (isPast ? undefined : item.reviewAt)
  const put = { item: { ...next, reviewAt }, affirms: true, isLinked: false }
  return written(pen.log, [put], { id, version: next.version, conflicts: [] })
}

/** A new item, with the end of what it replaces and of the questions it answers. */
export async function drafted(pen: Pen, { supersedes, ...given }: ItemInput) {
  const draft = newItem(pen.newId('item'), given, pen.by)
  if (draft.rule) await checkCondition(draft.rule)
  const linked = draft.links.filter(({ type }) => type === 'supersedes').map(({ to }) => to)
  const replaced = new Map([...linked, ...[supersedes ?? []].flat()].map(readOf))
  const old: Recorded[] = []
  for (const [id, version] of replaced) old.push(await standing(pen.log, id, version))
  await checkLinks(pen.log, draft.links)
  const others = (await against(pen.log, draft, pen.now()))
    .map((row) => String(row['item']))
    .filter((id) => !replaced.has(id))
  const item: Item = {
    ...draft,
    links: [
      ...draft.links.filter(({ type }) => type !== 'supersedes'),
      ...old.map(({ id }): Link => ({ type: 'supersedes', to: id })),
      ...others.map((to): Link => ({ type: 'contradicts', to })),
    ],
  }
  const { because } = item
  const puts: readonly Put[] = [
    { item, isLinked: true },
    ...old.map((one) => later(changed(one, { status: 'superseded', because, by: item.id }, pen.by))),
    ...(await answered(pen, item)),
  ]
  return { item, puts, conflicts: others }
}

/** An item's next version; that it holds from now on is somebody's word on it as well. */
export async function ended(pen: Pen, id: string, how: Ending): Promise<readonly Put[]> {
  const before = await standing(pen.log, id, how.version)
  const item = changed(before, how, pen.by)
  if (item.status !== 'active') return [later(item)]
  return [{ item, affirms: true, isLinked: false }, ...(await answered(pen, item))]
}

const later = (item: Item): Put => ({ item, isLinked: false })

/** Questions that an item answers from the moment on that it holds. */
async function answered({ log, by }: Pen, item: Item): Promise<readonly Put[]> {
  if (item.status !== 'active') return []
  const puts: Put[] = []
  for (const id of new Set(item.links.flatMap(({ type, to }) => (type === 'answers' ? [to] : [])))) {
    const question = await itemById(log, id)
    if (question.kind !== 'question')
      throw new BadItem('links', `${id} is a ${question.kind}; only a question can be answered.`)
    const how = { status: 'fulfilled', because: undefined, by: item.id } as const
    if (isLive(question.status)) puts.push(later(changed(question, how, by)))
  }
  return puts
}

/** Loaded when the first rule comes: it is a parser and an evaluator. @throws {RuleInvalid} says what is wrong with it, and where */
export async function checkCondition(rule: Rule): Promise<void> {
  const { compileRule } = await import('./rules/index.ts')
  compileRule(rule)
}

/** @throws {BadItem} naming what is not there */
export async function checkLinks(log: Log, links: readonly Link[]): Promise<void> {
  const targets = [...new Set(links.map(({ to }) => to))]
  if (targets.length === 0) return
  const where = { item: { in: targets }, replaced_at: null }
  const rows = await log.select('items', { where, columns: ['item'] })
  const known = new Set(rows.map((row) => String(row['item'])))
  const missing = targets.find((id) => !known.has(id))
  if (missing !== undefined)
    throw new BadItem(
      'links',
      `there is no item "${missing}" in this store's memory; links lead to other items.`,
    )
}

function readOf(given: NonNullable<ItemInput['supersedes']>): [id: string, version: number | undefined] {
  return typeof given === 'string' ? [given, undefined] : [given.id, given.version]
}

/** @throws {ItemNotFound} @throws {ItemChanged} @throws {ItemOver} */
export async function standing(log: Log, id: string, version: number | undefined): Promise<Recorded> {
  const item = await itemById(log, id)
  if (version !== undefined && version !== item.version) throw new ItemChanged(id, version, item)
  if (!isLive(item.status)) throw new ItemOver(id, item.status, item.change?.by)
  return item
}

/** Its next version. @throws {BadItem} */
export function changed(item: Recorded, { status, because, by: successor }: Ending, by: Author): Item {
  if (because !== undefined) checkReason(because)
  const { recordedAt: _recordedAt, replacedAt: _replacedAt, firstAt: _firstAt, ...rest } = item
  const change = { because, by: successor }
  return { ...rest, version: item.version + 1, status, author: by.author, run: by.run, change }
}

/** All of it in one commit. */
export async function written<Value>(log: Log, puts: readonly Put[], value: Value) {
  for (const { item } of puts) if (item.rule) targetsOf(log).add(item.rule.target)
  const { flags, unless } = await raised(log, puts)
  return { appends: merged([...puts.map((put) => appendOf(put)), ...flags.map(flagAppendOf)]), unless, value }
}

export function appendOf({ item, isLinked: _isLinked, ...put }: Put, by = item.author): Append {
  const kept = Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))
  const body: ItemRecorded = { item: { ...kept, id: item.id, version: item.version }, ...put }
  return {
    stream: streamOf(item.scope),
    expected: 'any',
    events: [eventOf(itemRecorded, body, undefined, by)],
  }
}

export function flagAppendOf({ scope, ...flag }: ItemFlagged & { readonly scope: string }): Append {
  return { stream: streamOf(scope), expected: 'any', events: [eventOf(itemFlagged, flag)] }
}

/** In this order; what follows on the same stream is one append. */
export function merged(appends: readonly Append[]): readonly Append[] {
  const all: (Append & { events: Append['events'][number][] })[] = []
  for (const append of appends) {
    const before = all.at(-1)
    if (before?.stream === append.stream) before.events.push(...append.events)
    else all.push({ ...append, events: [...append.events] })
  }
  return all
}
