/** Items from the store: by id, by what they are about, as they stand or as they stood. */
import { bodyOf, type Log, type Query, type Row, type StoredEvent, type Test } from '../log/index.ts'
import type { Item, ItemKind, ItemStatus } from '../task/index.ts'
import { ItemNotFound } from './errors.ts'
import { itemRecorded } from './events.ts'
import { asAt, isLive } from './expiry.ts'
import { checkKinds, checkScope, checkStatuses, scopesAbove } from './item.ts'

/** An item, and when this version of it was believed. */
export interface Recorded extends Item {
  readonly recordedAt: Date
  /** When the next version replaced it. */
  readonly replacedAt: Date | undefined
  /** When another store recorded it, from which it was imported. */
  readonly firstAt: Date | undefined
}

export interface ItemsQuery {
  readonly kinds?: readonly ItemKind[]
  /** `active` unless told. */
  readonly status?: ItemStatus | readonly ItemStatus[]
  readonly subject?: string
  /** Items of this scope and of those above it. */
  readonly scope?: string
  readonly run?: string
  /** Only those that rest on what no longer holds. */
  readonly isFlagged?: boolean
  /** What has expired, is judged as of then; now unless told. */
  readonly at?: Date
  /** 100 unless told, 1,000 at most. */
  readonly limit?: number
  /** From the page before. */
  readonly cursor?: string
}

export interface ItemsPage {
  readonly items: readonly Recorded[]
  /** Give it to get the next page; undefined on the last. */
  readonly cursor: string | undefined
}

const LIMIT = 100
const MOST = 1000

/** Newest first. @throws {BadItem} */
export async function listItems(log: Log, query: ItemsQuery, now: number): Promise<ItemsPage> {
  const limit = Math.min(MOST, Math.max(1, query.limit ?? LIMIT))
  const at = query.at?.getTime() ?? now
  const where: Record<string, Test> = { ...filtersOf(query), replaced_at: null }
  if (query.cursor !== undefined) where['position'] = { lt: Number(query.cursor) }
  if (query.isFlagged) {
    const flagged = await log.select('item_flags', { columns: ['item'] })
    where['item'] = { in: [...new Set(flagged.map((row) => String(row['item'])))] }
  }
  const found: Row[] = []
  for (const standing of standingsOf(query.status, at))
    found.push(
      ...(await log.select('items', {
        where: { ...where, ...standing },
        order: [{ desc: 'position' }],
        limit: limit + 1,
      })),
    )
  const rows = found.sort((a, b) => Number(b['position']) - Number(a['position']))
  const page = rows.slice(0, limit)
  return {
    items: (await itemsOf(log, page)).map((item) => asAt(item, at)),
    cursor: rows.length > limit ? String(page.at(-1)?.['position']) : undefined,
  }
}

/** What is asked of rows for these statuses: what is live ends later, what has expired was live. */
export function standingsOf(
  status: ItemsQuery['status'] = 'active',
  at: number,
): readonly Readonly<Record<string, Test>>[] {
  const wanted = [status].flat()
  const [live, over] = [wanted.filter(isLive), wanted.filter((one) => !isLive(one) && one !== 'expired')]
  return [
    ...(live.length > 0 ? [{ status: { in: live }, ends_at: { gt: at } }] : []),
    ...(over.length > 0 ? [{ status: { in: over } }] : []),
    ...(wanted.includes('expired')
      ? [{ status: { in: ['active', 'proposed', 'expired'] }, ends_at: { lte: at } }]
      : []),
  ]
}

/** What was believed at a time, and, where `trueAt` is given, said to be true then. */
export async function itemsAsOf(
  log: Log,
  believedAt: Date,
  query: ItemsQuery & { readonly trueAt?: Date } = {},
): Promise<readonly Recorded[]> {
  const at = believedAt.getTime()
  const trueAt = query.trueAt?.getTime()
  const where = { ...filtersOf(query), recorded_at: { lte: at } }
  const found: Row[] = []
  for (const standing of standingsOf(query.status, trueAt ?? at))
    found.push(
      ...(await log.select('items', { where: { ...where, ...standing }, order: [{ desc: 'position' }] })),
    )
  const rows = found.sort((a, b) => Number(b['position']) - Number(a['position']))
  const held = rows.filter((row) => {
    if (row['replaced_at'] !== null && Number(row['replaced_at']) <= at) return false
    if (trueAt === undefined) return true
    const [from, to] = [row['valid_from'], row['valid_to']]
    return (typeof from !== 'number' || from <= trueAt) && (typeof to !== 'number' || trueAt < to)
  })
  const items = await itemsOf(log, held.slice(0, Math.min(MOST, query.limit ?? MOST)))
  return items.map((item) => asAt(item, trueAt ?? at))
}

/** An item as it stands. @throws {ItemNotFound} */
export async function itemById(log: Log, id: string): Promise<Recorded> {
  const rows = await log.select('items', { where: { item: id, replaced_at: null } })
  const [item] = await itemsOf(log, rows)
  if (!item) throw new ItemNotFound(id)
  return item
}

const AT_ONCE = 500

/** Items in versions of them, by `<id> <version>`. */
export async function itemsByVersion(
  log: Log,
  versions: readonly (readonly [item: string, version: number])[],
): Promise<ReadonlyMap<string, Recorded>> {
  const wanted = new Set(versions.map(([id, version]) => `${id} ${version}`))
  const ids = [...new Set(versions.map(([id]) => id))]
  const found = new Map<string, Recorded>()
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const rows = await log.select('items', { where: { item: { in: ids.slice(from, from + AT_ONCE) } } })
    const named = rows.filter((row) => wanted.has(`${String(row['item'])} ${String(row['version'])}`))
    for (const item of await itemsOf(log, named))
      if (item.status !== 'erased') found.set(`${item.id} ${item.version}`, item)
  }
  return found
}

/** Every version, oldest first. @throws {ItemNotFound} */
export async function versionsOf(log: Log, id: string): Promise<readonly Recorded[]> {
  const rows = await log.select('items', { where: { item: id }, order: ['version'] })
  if (rows.length === 0) throw new ItemNotFound(id)
  return itemsOf(log, rows)
}

/** Items in the order of their rows. */
export async function itemsOf(log: Log, rows: readonly Row[]): Promise<Recorded[]> {
  const said = rows.filter((row) => row['status'] !== 'erased')
  const events = await log.eventsAt(said.map((row) => Number(row['position'])))
  const byPosition = new Map(events.map((event) => [event.position, event]))
  return rows.flatMap((row) => {
    if (row['status'] === 'erased') return [erasedItem(row)]
    const event = byPosition.get(Number(row['position']))
    return event ? [recorded(event, row)] : []
  })
}

/** A version as the record has it. */
export function recorded(event: StoredEvent, row: Row): Recorded {
  const { item, firstAt } = bodyOf(itemRecorded, event)
  const replaced = row['replaced_at']
  return {
    ...(item as Item), // written by this room only, whole but for what is undefined
    alternatives: item.alternatives ?? [],
    evidence: item.evidence ?? [],
    links: item.links ?? [],
    recordedAt: new Date(event.at),
    replacedAt: typeof replaced === 'number' ? new Date(replaced) : undefined,
    firstAt,
  }
}

/** What is asked for by name must be something there can be. @throws {BadItem} */
export function checkFilters({ kinds, status, scope }: Pick<ItemsQuery, 'kinds' | 'status' | 'scope'>): void {
  if (kinds) checkKinds(kinds)
  if (status !== undefined) checkStatuses(status)
  if (scope !== undefined) checkScope(scope)
}

/** What is left of an item: that it was. */
function erasedItem(row: Row): Recorded {
  const replaced = row['replaced_at']
  return {
    id: String(row['item']),
    version: Number(row['version']),
    kind: String(row['kind']) as ItemKind, // written by the memory projection only
    status: 'erased',
    scope: '',
    subject: '',
    predicate: undefined,
    value: undefined,
    statement: '',
    because: undefined,
    alternatives: [],
    evidence: [],
    links: [],
    rule: undefined,
    validFrom: undefined,
    validTo: undefined,
    dueAt: undefined,
    reviewAt: undefined,
    confidence: undefined,
    sensitivity: 'internal',
    author: '',
    run: undefined,
    change: undefined,
    recordedAt: new Date(Number(row['recorded_at'])),
    firstAt: undefined,
    replacedAt: typeof replaced === 'number' ? new Date(replaced) : undefined,
  }
}

function filtersOf(query: ItemsQuery): Record<string, Test> {
  checkFilters(query)
  const { kinds, subject, scope, run } = query
  return {
    ...(kinds ? { kind: { in: kinds } } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(scope === undefined ? {} : { scope: { in: scopesAbove(scope) } }),
    ...(run === undefined ? {} : { run }),
  } satisfies Query['where']
}
