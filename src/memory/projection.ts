/**
 * Items as they can be asked for: one row for each version, the links of the newest, and what is flagged.
 *
 * P1. A version is there once: whoever makes the same one a moment later is refused with all of its commit.
 * P2. `recorded_at` to `replaced_at` is when it was believed; `valid_from` to `valid_to` is when it is said to be true. `ends_at` is
 *     when it stops being live by itself: never, where nobody said so.
 * P3. A flag stands until somebody affirms the item, or the item is over.
 * P4. `rule_key` is a rule's target, or `*` where that is a pattern: a checkpoint reads the rules that may be about it, and no others.
 * P5. An item that was erased has a row for each of its versions, which says when it was and nothing else; it is where the erasure is.
 */
import {
  bodyOf,
  encode,
  erasureRecorded,
  type Projection,
  type Row,
  type RowChange,
  type StoredEvent,
} from '../log/index.ts'
import type { Item } from '../task/index.ts'
import { itemFlagged, itemRecorded } from './events.ts'
import { endOf, isLive } from './expiry.ts'

/** P4 */
const PATTERNS = '*'
const ruleKeyOf = (target: string): string => (target.includes('*') ? PATTERNS : target)
/** The keys of the rules that may be about a target. */
export const ruleKeysFor = (target: string): readonly string[] => [target, PATTERNS]

const timeOf = (date: Date | undefined): number | null => date?.getTime() ?? null

export const memoryProjection: Projection = {
  name: 'memory',
  version: 2,
  mode: 'inline',
  kinds: [itemRecorded.name, itemFlagged.name, erasureRecorded.name],
  tables: {
    items: {
      columns: {
        item: 'text',
        version: 'integer',
        tenant: 'text',
        kind: 'text',
        status: 'text',
        scope: 'text',
        subject: 'text',
        predicate: 'text',
        value: 'text',
        rule_target: 'text',
        rule_key: 'text',
        author: 'text',
        run: 'text',
        recorded_at: 'integer',
        replaced_at: 'integer',
        valid_from: 'integer',
        valid_to: 'integer',
        ends_at: 'integer',
        due_at: 'integer',
        review_at: 'integer',
        position: 'integer',
      },
      key: ['item', 'version'],
      indexes: [
        { columns: ['status', 'position'], where: 'replaced_at IS NULL' },
        { columns: ['scope', 'subject'], where: 'replaced_at IS NULL' },
        { columns: ['subject'], where: 'replaced_at IS NULL' },
        {
          columns: ['rule_key', 'status', 'scope', 'position'],
          where: 'rule_key IS NOT NULL AND replaced_at IS NULL',
        },
        { columns: ['run'], where: 'run IS NOT NULL' },
        { columns: ['position'] },
      ],
    },
    item_links: {
      columns: { item: 'text', type: 'text', target: 'text', position: 'integer' },
      key: ['item', 'type', 'target'],
      indexes: [{ columns: ['target', 'type'] }],
    },
    item_flags: {
      columns: {
        item: 'text',
        origin: 'text',
        status: 'text',
        via: 'text',
        at: 'integer',
        position: 'integer',
      },
      key: ['item', 'origin'],
      indexes: [{ columns: ['position'] }],
    },
  },
  apply(event) {
    if (event.kind === erasureRecorded.name) return erased(event)
    return event.kind === itemFlagged.name ? [flagged(event)] : recorded(event)
  },
}

function flagged(event: StoredEvent): RowChange {
  const { item, origin, status, via } = bodyOf(itemFlagged, event)
  return { put: 'item_flags', row: { item, origin, status, via, at: event.at, position: event.position } }
}

function recorded(event: StoredEvent): readonly RowChange[] {
  const { item, affirms } = bodyOf(itemRecorded, event)
  const { position } = event
  const links = (item.links ?? []).map(({ type, to }): RowChange => {
    const row = { item: item.id, type, target: to, position }
    return { put: 'item_links', row }
  })
  const first: readonly RowChange[] = [{ insert: 'items', row: rowOf(item, event) }]
  if (item.version === 1) return [...first, ...links]
  const isSettled = affirms === true || !isLive(item.status ?? 'active')
  const before = { item: item.id, version: item.version - 1 }
  return [
    ...first,
    { patch: 'items', set: { replaced_at: event.at }, where: before, must: true },
    { remove: 'item_links', where: { item: item.id } },
    ...links,
    ...(isSettled ? [{ remove: 'item_flags', where: { item: item.id } } as const] : []),
  ]
}

/** The row of a version. */
export function rowOf(
  item: Partial<Item> & Pick<Item, 'id' | 'version'>,
  event: Pick<StoredEvent, 'at' | 'tenant' | 'position'>,
): Row {
  const status = item.status ?? 'active'
  return {
    item: item.id,
    version: item.version,
    tenant: event.tenant,
    kind: item.kind ?? 'fact',
    status,
    scope: item.scope ?? '',
    subject: item.subject ?? '',
    predicate: item.predicate ?? null,
    value: item.value === undefined ? null : encode(item.value),
    rule_target: item.rule?.target ?? null,
    rule_key: item.rule ? ruleKeyOf(item.rule.target) : null,
    author: item.author ?? '',
    run: item.run ?? null,
    recorded_at: event.at,
    replaced_at: null,
    valid_from: timeOf(item.validFrom),
    valid_to: timeOf(item.validTo),
    ends_at: endOf(status, item.validTo),
    due_at: timeOf(item.dueAt),
    review_at: timeOf(item.reviewAt),
    position: event.position,
  }
}

/** What an erasure leaves of an item. */
interface ErasedItem {
  readonly id: string
  readonly kind: string
  readonly versions: readonly (readonly [version: number, recordedAt: number, replacedAt: number | null])[]
}

function erased(event: StoredEvent): readonly RowChange[] {
  const items = (bodyOf(erasureRecorded, event).left['items'] ?? []) as readonly ErasedItem[] // written by erasing/ only
  return items.flatMap(({ id, kind, versions }): RowChange[] => [
    { remove: 'item_links', where: { item: id } },
    { remove: 'item_flags', where: { item: id } },
    { remove: 'item_flags', where: { origin: id } },
    ...versions.map(([version, recordedAt, replacedAt]): RowChange => ({
      put: 'items',
      row: {
        ...BLANK,
        item: id,
        version,
        tenant: event.tenant,
        kind,
        recorded_at: recordedAt,
        replaced_at: replacedAt,
        position: event.position,
      },
    })),
  ])
}

const BLANK: Row = {
  status: 'erased',
  scope: '',
  subject: '',
  predicate: null,
  value: null,
  rule_target: null,
  rule_key: null,
  author: '',
  run: null,
  valid_from: null,
  valid_to: null,
  ends_at: null,
  due_at: null,
  review_at: null,
}
