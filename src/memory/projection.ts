/**
 * Items as they can be asked for: one row for each version, the links of the newest, and what is flagged.
 *
 * P1. A version is there once: whoever makes the same one a moment later is refused with all of its commit.
 * P2. `recorded_at` to `replaced_at` is when it was believed; `valid_from` to `valid_to` is when it is said to be true. `ends_at` is
 *     when it stops being live by itself: never, where nobody said so.
 * P3. A flag stands until somebody affirms the item, or the item is over.
 */
import { bodyOf, encode, type Projection, type Row, type RowChange, type StoredEvent } from '../log/index.ts'
import type { Item } from '../task/index.ts'
import { itemFlagged, itemRecorded } from './events.ts'
import { endOf, isLive } from './expiry.ts'

const timeOf = (date: Date | undefined): number | null => date?.getTime() ?? null

export const memoryProjection: Projection = {
  name: 'memory',
  version: 2,
  mode: 'inline',
  kinds: [itemRecorded.name, itemFlagged.name],
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
        { columns: ['scope', 'rule_target'], where: 'rule_target IS NOT NULL AND replaced_at IS NULL' },
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
  apply: (event) => (event.kind === itemFlagged.name ? [flagged(event)] : recorded(event)),
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
