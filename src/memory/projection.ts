/**
 * Items as they can be asked for: one row for each version.
 *
 * P1. A version is there once: whoever makes the same one a moment later is refused with all of its commit.
 * P2. `recorded_at` to `replaced_at` is when it was believed; `valid_from` to `valid_to` is when it is said to be true.
 * P3. An item that was erased has a row for each of its versions, which says when it was and nothing else; it is where the erasure is.
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
import { itemRecorded } from './events.ts'

const timeOf = (date: Date | undefined): number | null => date?.getTime() ?? null

export const memoryProjection: Projection = {
  name: 'memory',
  version: 2,
  mode: 'inline',
  kinds: [itemRecorded.name, erasureRecorded.name],
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
      columns: { item: 'text', type: 'text', target: 'text' },
      key: ['item', 'type', 'target'],
      indexes: [{ columns: ['target', 'type'] }],
    },
  },
  apply(event) {
    if (event.kind === erasureRecorded.name) return erased(event)
    const { item } = bodyOf(itemRecorded, event)
    const row = {
      item: item.id,
      version: item.version,
      tenant: event.tenant,
      kind: item.kind ?? 'fact',
      status: item.status ?? 'active',
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
      due_at: timeOf(item.dueAt),
      review_at: timeOf(item.reviewAt),
      position: event.position,
    }
    const changes: RowChange[] = [{ insert: 'items', row }]
    if (item.version > 1) {
      const where = { item: item.id, version: item.version - 1 }
      changes.push({ patch: 'items', set: { replaced_at: event.at }, where, must: true })
    }
    for (const { type, to } of item.links ?? [])
      changes.push({ put: 'item_links', row: { item: item.id, type, target: to } })
    return changes
  },
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
  author: '',
  run: null,
  valid_from: null,
  valid_to: null,
  due_at: null,
  review_at: null,
}
