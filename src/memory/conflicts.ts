/**
 * Live items that cannot both hold: of one scope, subject and predicate, with different values.
 *
 * They are recorded all the same, seen by everybody, and end when one supersedes the other or is withdrawn. What is only worded
 * alike is no conflict: it is shown to whoever asks what might be one, and nothing follows from it.
 */
import { encode, type Log, type Row } from '../log/index.ts'
import type { Found, Item } from '../task/index.ts'
import { checkScope } from './item.ts'
import { linksTo } from './links.ts'
import { itemsOf, type Recorded } from './reading.ts'
import { recallOf } from './recall.ts'

/** Items that say different things of the same. */
export interface Conflict {
  readonly scope: string
  readonly subject: string
  readonly predicate: string
  /** Oldest first. */
  readonly items: readonly Recorded[]
}

/** Live items that say otherwise than this one would. */
export async function against(log: Log, item: Item, now: number): Promise<readonly Row[]> {
  if (item.predicate === undefined || item.status !== 'active') return []
  const { scope, subject, predicate } = item
  const where = { scope, subject, predicate, status: 'active', replaced_at: null, ends_at: { gt: now } }
  const rows = await log.select('items', { where, order: ['position'] })
  const said = item.value === undefined ? null : encode(item.value)
  return rows.filter((row) => row['value'] !== said && row['item'] !== item.id && overlaps(row, item))
}

/** All there are, or those of a scope. */
export async function conflicts(log: Log, now: number, scope?: string): Promise<readonly Conflict[]> {
  const where = {
    status: 'active',
    replaced_at: null,
    ends_at: { gt: now },
    predicate: { not: null },
    ...(scope === undefined ? {} : { scope: checkScope(scope) }),
  }
  const rows = await log.select('items', { where, order: ['position'] })
  const found: Conflict[] = []
  for (const disputed of disputes(rows)) {
    const [first] = disputed
    found.push({
      scope: String(first?.['scope']),
      subject: String(first?.['subject']),
      predicate: String(first?.['predicate']),
      items: await itemsOf(log, disputed),
    })
  }
  return found
}

/** Rows of live items, by what they cannot agree about. */
export function disputes(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups = Map.groupBy(rows, ({ scope: of, subject, predicate }) =>
    JSON.stringify([of, subject, predicate]),
  )
  return [...groups.values()]
    .map((group) => group.filter((row) => group.some((other) => disagree(row, other))))
    .filter(({ length }) => length > 0)
}

const SUGGESTED = 5
const MOST_SUGGESTED = 50

/** Live items of the scope, and those above, worded much as this one, and not linked to it; closest first. */
export async function possibleConflicts(
  log: Log,
  item: Item,
  now: number,
  most = SUGGESTED,
): Promise<readonly Found[]> {
  const limit = Math.min(MOST_SUGGESTED, Math.max(1, Math.trunc(most)))
  const linked = new Set([item.id, ...item.links.map(({ to }) => to)])
  for (const { from } of await linksTo(log, item.id)) linked.add(from)
  const query = `${item.subject} ${item.statement}`
  const found = await recallOf(log).find({ query, scope: item.scope, limit: limit + linked.size }, now)
  return found.filter((one) => !linked.has(one.item.id)).slice(0, limit)
}

function disagree(one: Row, other: Row): boolean {
  return one['value'] !== other['value'] && meet(spanOf(one), spanOf(other))
}

function overlaps(row: Row, { validFrom, validTo }: Item): boolean {
  return meet(spanOf(row), [validFrom?.getTime() ?? -Infinity, validTo?.getTime() ?? Infinity])
}

type Span = readonly [from: number, to: number]

function spanOf(row: Row): Span {
  const [from, to] = [row['valid_from'], row['valid_to']]
  return [typeof from === 'number' ? from : -Infinity, typeof to === 'number' ? to : Infinity]
}

/** Two values of different times are no conflict. */
const meet = ([from, to]: Span, [otherFrom, otherTo]: Span): boolean => from < otherTo && otherFrom < to
