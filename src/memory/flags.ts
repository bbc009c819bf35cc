/**
 * Items that rest on what no longer holds.
 *
 * F1. A flag is an event, in the commit that gave rise to it: a rebuild finds the flags that were raised, whatever the rules are by then.
 * F2. Nobody slips through: what is recorded in the same moment upon an item that is ending is either found by whoever ends it, or
 *     finds it ended.
 * F3. Only what an item says it rests on counts (`derived_from`, `depends_on`). What is worded alike never does.
 */
import type { Change, Log, Row } from '../log/index.ts'
import type { Item, LinkType } from '../task/index.ts'
import type { ItemFlagged } from './events.ts'
import { isLive } from './expiry.ts'

/** A flag as it stands. */
export interface Flag extends ItemFlagged {
  readonly at: Date
}

/** What a commit is to put there, as far as flags follow from it. */
export interface Placed {
  readonly item: Item
  /** Its links are new with this version. */
  readonly isLinked: boolean
}

export interface Raised {
  /** With the scope of the item. */
  readonly flags: readonly (ItemFlagged & { readonly scope: string })[]
  readonly unless: NonNullable<Change['unless']>
}

const RESTS_ON: readonly LinkType[] = ['derived_from', 'depends_on']
const LIVE = { in: ['active', 'proposed'] }
const OVER = { in: ['withdrawn', 'superseded'] }

/** Flags that follow from these versions. */
export async function raised(log: Log, placed: readonly Placed[]): Promise<Raised> {
  const seen = await log.position()
  const below = await raisedBelow(log, placed, seen)
  const born = await bornFlagged(log, placed, below.flags)
  return { flags: [...below.flags, ...born.flags], unless: [...below.unless, ...born.unless] }
}

/** What rests on items that end here. */
async function raisedBelow(log: Log, placed: readonly Placed[], seen: number): Promise<Raised> {
  const ended = placed.flatMap(({ item: { id, status } }) => (isOver(status) ? [{ id, status }] : []))
  if (ended.length === 0) return { flags: [], unless: [] }
  const flags: ItemFlagged[] = []
  const looked = new Set(ended.map(({ id }) => id))
  for (const { id, status } of ended)
    for (const { item, via } of await restingOn(log, id)) {
      looked.add(item)
      flags.push({ item, origin: id, status, via })
    }
  const standing = await liveScopes(log, [...new Set(flags.map(({ item }) => item))])
  for (const { item } of placed) {
    if (isLive(item.status)) standing.set(item.id, item.scope)
    else standing.delete(item.id)
  }
  const grounds = { type: { in: RESTS_ON }, target: { in: [...looked] }, position: { gt: seen } }
  return {
    flags: flags.flatMap((flag) => {
      const scope = standing.get(flag.item)
      return scope === undefined ? [] : [{ ...flag, scope }]
    }),
    unless: [{ table: 'item_links', where: grounds }],
  }
}

/** Everything that rests on an item, and what each names as its ground. */
async function restingOn(log: Log, root: string) {
  const found = new Map<string, { readonly item: string; readonly via: string }>()
  for (let edge = [root]; edge.length > 0;) {
    const where = { type: { in: RESTS_ON }, target: { in: edge } }
    const rows = await log.select('item_links', { where, order: ['item', 'target'] })
    edge = []
    for (const row of rows) {
      const item = String(row['item'])
      if (item === root || found.has(item)) continue
      found.set(item, { item, via: String(row['target']) })
      edge.push(item)
    }
  }
  return [...found.values()]
}

async function liveScopes(log: Log, items: readonly string[]): Promise<Map<string, string>> {
  const where = { item: { in: items }, replaced_at: null, status: LIVE }
  const rows = items.length === 0 ? [] : await log.select('items', { where, columns: ['item', 'scope'] })
  return new Map(rows.map((row) => [String(row['item']), String(row['scope'])]))
}

/** What is put upon ground that does not hold by now is flagged from the beginning. */
async function bornFlagged(
  log: Log,
  placed: readonly Placed[],
  below: readonly ItemFlagged[],
): Promise<Raised> {
  const grounded = placed
    .filter(({ item, isLinked }) => isLinked && isLive(item.status))
    .map(({ item }) => ({ item, grounds: groundsOf(item) }))
  const grounds = [...new Set(grounded.flatMap((one) => one.grounds))]
  if (grounds.length === 0) return { flags: [], unless: [] }
  const where = { item: { in: grounds }, replaced_at: null }
  const over = new Map<string, ItemFlagged['status']>()
  for (const row of await log.select('items', { where: { ...where, status: OVER } }))
    over.set(String(row['item']), String(row['status']) === 'withdrawn' ? 'withdrawn' : 'superseded')
  for (const { item } of placed) if (isOver(item.status)) over.set(item.id, item.status)
  const flagged = (await log.select('item_flags', { where: { item: { in: grounds } } })).map(flagOf)
  const firm = grounds.filter((id) => !over.has(id))
  const unflagged = grounds.filter((id) => !flagged.some(({ item }) => item === id))
  return {
    flags: grounded.flatMap(({ item: { id, scope }, grounds: on }) =>
      on.flatMap((via) => {
        const status = over.get(via)
        if (status !== undefined) return [{ item: id, origin: via, status, via, scope }]
        const through = [...flagged, ...below].filter(({ item }) => item === via)
        return through.map((flag) => ({ item: id, origin: flag.origin, status: flag.status, via, scope }))
      }),
    ),
    unless: [
      { table: 'items', where: { ...where, item: { in: firm }, status: OVER } },
      { table: 'item_flags', where: { item: { in: unflagged } } },
    ],
  }
}

/** What it replaces is no ground of it any more. */
function groundsOf({ links }: Item): string[] {
  const replaced = new Set(links.filter(({ type }) => type === 'supersedes').map(({ to }) => to))
  return links.filter(({ type, to }) => RESTS_ON.includes(type) && !replaced.has(to)).map(({ to }) => to)
}

const isOver = (status: string): status is ItemFlagged['status'] =>
  status === 'withdrawn' || status === 'superseded'

function flagOf(row: Row): Flag {
  return {
    item: String(row['item']),
    origin: String(row['origin']),
    status: String(row['status']) === 'withdrawn' ? 'withdrawn' : 'superseded',
    via: String(row['via']),
    at: new Date(Number(row['at'])),
  }
}

/** The flags of these items, or all there are; oldest first. */
export async function flagsOf(log: Log, items?: readonly string[]): Promise<readonly Flag[]> {
  if (items?.length === 0) return []
  const where = items === undefined ? {} : { item: { in: items } }
  return (await log.select('item_flags', { where, order: ['position'] })).map(flagOf)
}
