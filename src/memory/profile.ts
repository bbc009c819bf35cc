/** How memory stands: what is live, and what somebody should look at. */
import type { Log, Row } from '../log/index.ts'
import type { ItemKind } from '../task/index.ts'
import { conflicts, type Conflict } from './conflicts.ts'
import { asAt } from './expiry.ts'
import { flagsOf, type Flag } from './flags.ts'
import { checkScope } from './item.ts'
import { itemsOf, type Recorded } from './reading.ts'
import { isWithin } from './scope.ts'
import { unusedOf } from './uses.ts'

/** Some of what there is of a kind, and how much there is. */
export interface Listed {
  readonly count: number
  /** The first 50. */
  readonly items: readonly Recorded[]
}

export interface Profile {
  /** Of this scope and those below it; of all, where it is undefined. */
  readonly scope: string | undefined
  /** The store's time. */
  readonly at: Date
  readonly live: { readonly count: number; readonly byKind: Readonly<Partial<Record<ItemKind, number>>> }
  /** They wait for somebody's word. */
  readonly proposed: Listed
  /** Due within two weeks, or overdue; what is due first comes first. */
  readonly due: Listed
  /** Past the date for their review, and still in force. */
  readonly stale: Listed
  /** Over by `validTo`, and neither withdrawn nor replaced. */
  readonly expired: Listed
  /** Live items that nobody has recalled, been told of in a brief, or linked to, and that no rule brings to bear; oldest first. */
  readonly unused: Listed
  /** Live items that rest on what no longer holds. */
  readonly flagged: Listed & { readonly flags: readonly Flag[] }
  readonly conflicts: readonly Conflict[]
}

const SHOWN = 50
const SOON_MS = 14 * 86_400_000
const COLUMNS = [
  'item',
  'kind',
  'status',
  'scope',
  'ends_at',
  'due_at',
  'review_at',
  'rule_target',
  'position',
] as const

/** @throws {BadItem} */
export async function profile(log: Log, now: number, scope?: string): Promise<Profile> {
  const within = scope === undefined ? '' : checkScope(scope)
  const rows = await log.select('items', {
    where: {
      replaced_at: null,
      status: { in: ['active', 'proposed'] },
      ...(within === '' ? {} : { scope: { prefix: within } }),
    },
    columns: COLUMNS,
    order: ['position'],
  })
  const ours = rows.filter((row) => isWithin(String(row['scope']), within))
  const unended = ours.filter((row) => Number(row['ends_at']) > now)
  const live = unended.filter((row) => row['status'] === 'active')
  const flags = await flagsOf(log)
  const flagged = new Set(flags.map(({ item }) => item))
  const unused = new Set(await unusedOf(log, live.filter(isUnruled).map(idOf)))
  const listed = (some: readonly Row[]) => firstOf(log, some, now)
  const flaggedRows = ours.filter((row) => flagged.has(idOf(row)))
  const standing = new Set(flaggedRows.map(idOf))
  const disputed = await conflicts(log, now)
  return {
    scope,
    at: new Date(now),
    live: { count: live.length, byKind: counted(live) },
    proposed: await listed(unended.filter((row) => row['status'] === 'proposed')),
    due: await listed(before(unended, 'due_at', now + SOON_MS)),
    stale: await listed(before(unended, 'review_at', now)),
    expired: await listed(ours.filter((row) => Number(row['ends_at']) <= now)),
    unused: await listed(live.filter((row) => unused.has(idOf(row)))),
    flagged: { ...(await listed(flaggedRows)), flags: flags.filter(({ item }) => standing.has(item)) },
    conflicts: disputed.filter((one) => isWithin(one.scope, within)),
  }
}

const idOf = (row: Row): string => String(row['item'])
const isUnruled = (row: Row): boolean => row['rule_target'] === null

async function firstOf(log: Log, rows: readonly Row[], now: number): Promise<Listed> {
  const items = await itemsOf(log, rows.slice(0, SHOWN))
  return { count: rows.length, items: items.map((item) => asAt(item, now)) }
}

/** Those whose date has come by then, the earliest first. */
function before(rows: readonly Row[], column: 'due_at' | 'review_at', until: number): readonly Row[] {
  return rows
    .filter((row) => typeof row[column] === 'number' && row[column] <= until)
    .sort((a, b) => Number(a[column]) - Number(b[column]))
}

function counted(rows: readonly Row[]): Profile['live']['byKind'] {
  return Object.fromEntries(
    [...Map.groupBy(rows, (row) => String(row['kind']))].map(([kind, of]) => [kind, of.length]),
  )
}
