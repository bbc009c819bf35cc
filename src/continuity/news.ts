/**
 * `ctx.news`: what others put into memory while a run was busy, waited, or had a child away.
 *
 * N1. Each asking goes on where the one before it stopped; the first begins when the run began.
 * N2. Of an item its newest version is told, by id and version on the record; what this run wrote itself is no news to it.
 */
import { bodyOf, isErased, type Log, type StoredEvent } from '../log/index.ts'
import { itemRecorded, itemsByVersion, scopesAbove, streamOf } from '../memory/index.ts'
import type { Hands } from '../run/index.ts'
import type { Context, Item } from '../task/index.ts'
import type { Vector } from './events.ts'

interface Told {
  readonly vector: Vector
  readonly items: readonly (readonly [id: string, version: number])[]
}

export function newsContext({ run, log, keep }: Hands): Pick<Context, 'news'> {
  let known: Vector | undefined
  return {
    async news() {
      const from = known
      const told = (await keep('news', 'memory', async () => {
        const value = await newsSince(log, run, from)
        return { appends: [], value }
      })) as Told // what this operation records
      known = told.vector
      const items = await itemsByVersion(log, told.items)
      return told.items.flatMap(([id, version]): Item[] => {
        const item = items.get(`${id} ${version}`)
        return item && item.status !== 'erased' ? [item] : [] // erased since
      })
    },
  }
}

async function newsSince(log: Log, run: Context['run'], known: Vector | undefined): Promise<Told> {
  const vector: Record<string, number> = {}
  for (const scope of scopesAbove(run.scope ?? '')) {
    const stream = streamOf(scope)
    vector[stream] = (await log.head(stream))?.seq ?? 0
  }
  const events = known ? await eventsAfter(log, known, vector) : await eventsSince(log, run, vector)
  const latest = new Map<string, { readonly version: number; readonly at: number }>()
  for (const event of events) {
    if (event.kind !== itemRecorded.name || isErased(event)) continue
    const { item } = bodyOf(itemRecorded, event)
    latest.delete(item.id)
    if (item.run !== run.id) latest.set(item.id, { version: item.version, at: event.at })
  }
  const items = [...latest].sort(([a, one], [b, other]) => one.at - other.at || (a < b ? -1 : 1))
  return { vector, items: items.map(([id, { version }]) => [id, version] as const) }
}

async function eventsAfter(log: Log, known: Vector, vector: Vector): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = []
  for (const [stream, last] of Object.entries(vector)) {
    const from = (known[stream] ?? 0) + 1
    if (from > last) continue
    for await (const page of log.read(stream, from)) found.push(...page.filter(({ seq }) => seq <= last))
  }
  return found
}

/** By their rows: a run that has just begun need not read all that was ever decided. */
async function eventsSince(log: Log, run: Context['run'], vector: Vector): Promise<readonly StoredEvent[]> {
  const where = { scope: { in: scopesAbove(run.scope ?? '') }, recorded_at: { gte: run.startedAt } }
  const rows = await log.select('items', { where, order: ['position'], columns: ['position'] })
  const events = await log.eventsAt(rows.map((row) => Number(row['position'])))
  return events.filter(({ stream, seq }) => seq <= (vector[stream] ?? 0))
}
