/**
 * Of what use items were: which run saw, cited, went against or overrode which item: read off what runs record, by id and version, without any text.
 *
 * - `saw`: recall gave it to the run.
 * - `told`: a brief about a run or a thread put it before its reader.
 * - `cited`: an item of the run links to it.
 * - `violated`: a value of the run, at a checkpoint or as its output, was stopped by it, or passed with its warning.
 * - `overrode`: a value went against it with a reason.
 *
 * U1. A run's use of a version is one row, at the time it was last so used.
 */
import { bodyOf, type Log, type Projection, type RowChange, type StoredEvent } from '../log/index.ts'
import { events } from '../run/index.ts'
import { itemRecorded } from './events.ts'

export type UseKind = 'saw' | 'told' | 'cited' | 'violated' | 'overrode'

/** One use of an item. */
export interface Use {
  /** The run; of a brief, the run or thread it is about. */
  readonly by: string
  readonly use: UseKind
  /** Of the item; 0 where the run named the item only. */
  readonly version: number
  readonly at: Date
}

interface Used {
  readonly item: string
  readonly version: number
  readonly use: UseKind
}

const TABLE = 'item_uses'
/** Of continuity, which imports this room and cannot be imported here. */
const BRIEF_MADE = 'brief.made'
/** Links that say what was decided of the other item, not that it was relied on. */
const NOT_CITING = new Set(['supersedes', 'contradicts'])

export const usesProjection: Projection = {
  name: 'uses',
  version: 2,
  mode: 'inline',
  kinds: [events.keepDone, events.keepRefused, events.runFailed, itemRecorded, { name: BRIEF_MADE }].map(
    ({ name }) => name,
  ),
  tables: {
    [TABLE]: {
      columns: {
        item: 'text',
        version: 'integer',
        by: 'text',
        use: 'text',
        at: 'integer',
        position: 'integer',
      },
      key: ['item', 'version', 'by', 'use'],
      indexes: [{ columns: ['by', 'use'] }],
    },
  },
  apply(event) {
    if (event.body === undefined) return [] // erased
    if (event.kind === itemRecorded.name) return citations(event)
    if (event.kind === BRIEF_MADE) return briefed(event)
    const run = events.runOfStream(event.stream)
    return usedBy(event).map((used) => rowOf(event, run, used))
  },
}

/** Every use of an item, latest first. */
export async function usesOf(log: Log, item: string): Promise<readonly Use[]> {
  const rows = await log.select(TABLE, { where: { item }, order: [{ desc: 'position' }] })
  return rows.map(({ by, use, version, at }) => ({
    by: String(by),
    use: use as UseKind, // as `rowOf` wrote it
    version: Number(version),
    at: new Date(Number(at)),
  }))
}

/** The items a run was given by recall. */
export async function seenBy(log: Log, run: string): Promise<readonly string[]> {
  const rows = await log.select(TABLE, { where: { by: run, use: 'saw' }, columns: ['item'] })
  return [...new Set(rows.map(({ item }) => String(item)))]
}

function usedBy(event: StoredEvent): readonly Used[] {
  if (event.kind === events.runFailed.name) return violations(bodyOf(events.runFailed, event).e)
  if (event.kind === events.keepRefused.name) return violations(bodyOf(events.keepRefused, event).e)
  const call = event.name?.split(' › ').at(-1)?.split(' ')[0]
  if (call !== 'recall' && call !== 'checkpoint') return []
  const { v } = bodyOf(events.keepDone, event)
  if (call === 'recall')
    return (v as readonly { readonly id: string; readonly version: number }[]) // what `ctx.recall` records
      .map(({ id, version }) => ({ item: id, version, use: 'saw' }))
  const { against = [] } = v as {
    readonly against?: readonly (Omit<Used, 'use'> & { readonly because?: string })[]
  } // what `ctx.checkpoint` records
  return against.map(({ item, version, because }) => ({
    item,
    version,
    use: because === undefined ? 'violated' : 'overrode',
  }))
}

/** What a `DecisionConflict` names. */
function violations(error: unknown): readonly Used[] {
  const { code, data } = Object(error) as { readonly code?: unknown; readonly data?: unknown }
  if (code !== 'decision_conflict') return []
  const { decisions = [] } = Object(data) as { readonly decisions?: readonly Omit<Used, 'use'>[] }
  return decisions.map(({ item, version }) => ({ item, version, use: 'violated' }))
}

function citations(event: StoredEvent): readonly RowChange[] {
  const { item } = bodyOf(itemRecorded, event)
  const { run, links = [] } = item
  if (run === undefined || item.version > 1) return []
  return links
    .filter(({ type }) => !NOT_CITING.has(type))
    .map(({ to }) => rowOf(event, run, { item: to, version: 0, use: 'cited' }))
}

const rowOf = (event: StoredEvent, by: string, { item, version, use }: Used): RowChange => ({
  put: TABLE,
  row: { item, version, by, use, at: event.at, position: event.position },
})

function briefed(event: StoredEvent): readonly RowChange[] {
  const { subject, items } = bodyOf<{
    readonly subject: string
    readonly items: readonly (readonly [id: string, version: number])[]
  }>({ name: BRIEF_MADE, version: event.version, upcast: {} }, event)
  return items.map(([item, version]) => rowOf(event, subject, { item, version, use: 'told' }))
}

/** Those of these items that nobody has recalled, been told of, or built on. */
export async function unusedOf(log: Log, items: readonly string[]): Promise<readonly string[]> {
  const used = new Set<string>()
  for (const [table, column] of [
    [TABLE, 'item'],
    ['item_links', 'target'],
  ] as const)
    for (const row of await log.select(table, { where: { [column]: { in: items } }, columns: [column] }))
      used.add(String(row[column]))
  return items.filter((id) => !used.has(id))
}
