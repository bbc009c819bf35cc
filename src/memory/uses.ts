/**
 * Which items were of use to somebody: recalled by a run, or put before a reader in a brief.
 *
 * U1. Both are on the record by id already; this only turns them round, so that what nobody ever asked for can be found.
 */
import { bodyOf, type Log, type Projection, type RowChange, type StoredEvent } from '../log/index.ts'
import { events } from '../run/index.ts'

/** How `ctx.recall` names its operations. */
const RECALL = 'recall '
/** Of continuity, which imports this room and cannot be imported here. */
const BRIEF_MADE = 'brief.made'

export const usesProjection: Projection = {
  name: 'uses',
  version: 1,
  mode: 'inline',
  kinds: [events.keepDone.name, BRIEF_MADE],
  tables: {
    item_uses: {
      columns: { item: 'text', how: 'text', by: 'text', at: 'integer' },
      key: ['item', 'how', 'by'],
    },
  },
  apply: (event) => (event.kind === BRIEF_MADE ? briefed(event) : recalled(event)),
}

function recalled(event: StoredEvent): readonly RowChange[] {
  if (!event.name?.split(' › ').at(-1)?.startsWith(RECALL)) return []
  const named = bodyOf(events.keepDone, event).v as readonly { readonly id: string }[] // only `ctx.recall` has such names
  const by = events.runOfStream(event.stream) ?? event.stream
  return named.map(({ id }) => used(id, 'recalled', by, event.at))
}

function briefed(event: StoredEvent): readonly RowChange[] {
  const { subject, items } = bodyOf<{
    readonly subject: string
    readonly items: readonly (readonly [id: string, version: number])[]
  }>({ name: BRIEF_MADE, version: event.version, upcast: {} }, event)
  return items.map(([id]) => used(id, 'briefed', subject, event.at))
}

const used = (item: string, how: 'recalled' | 'briefed', by: string, at: number): RowChange => ({
  put: 'item_uses',
  row: { item, how, by, at },
})

/** Those of these items that nobody has recalled, been told of, or built on. */
export async function unusedOf(log: Log, items: readonly string[]): Promise<readonly string[]> {
  const used = new Set<string>()
  for (const [table, column] of [
    ['item_uses', 'item'],
    ['item_links', 'target'],
  ] as const)
    for (const row of await log.select(table, { where: { [column]: { in: items } }, columns: [column] }))
      used.add(String(row[column]))
  return items.filter((id) => !used.has(id))
}
