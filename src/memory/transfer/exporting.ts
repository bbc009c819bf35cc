/** Memory out of a store: every version as it was recorded, or what is live as a text that a person can edit. */
import { bodyOf, type Log, type Row, type Test } from '../../log/index.ts'
import { itemRecorded } from '../events.ts'
import { flagsOf } from '../flags.ts'
import { checkScope } from '../item.ts'
import { itemById, itemsOf, recorded, standingsOf } from '../reading.ts'
import { isWithin } from '../scope.ts'
import { FORMAT, lineOf } from './line.ts'
import { headOf, sectionOf } from './markdown.ts'

export interface MemoryExportOptions {
  /** Its own items and those of the scopes below it; all there are unless told. */
  readonly scope?: string
  /** One item. */
  readonly item?: string
  /** `jsonl`: everything, with its history. `markdown`: what is live, to be read and edited. `jsonl` unless told. */
  readonly format?: 'jsonl' | 'markdown'
}

const PAGE = 500

/** @throws {BadItem} @throws {ItemNotFound} */
export async function* exportLines(
  log: Log,
  options: MemoryExportOptions,
  now: number,
): AsyncGenerator<string> {
  const scope = options.scope === undefined ? undefined : checkScope(options.scope)
  if (options.item !== undefined) await itemById(log, options.item)
  const where: Record<string, Test> = {
    status: { not: 'erased' },
    ...(scope ? { scope: { prefix: scope } } : {}),
    ...(options.item === undefined ? {} : { item: options.item }),
  }
  const rows = pages(log, where, scope ?? '')
  if (options.format === 'markdown') yield* markdown(log, scope ?? '', where, now)
  else yield* jsonl(log, scope, rows)
}

/** Rows in the order of the record, as far as it is at the beginning. */
async function* pages(
  log: Log,
  where: Readonly<Record<string, Test>>,
  scope: string,
): AsyncGenerator<readonly Row[]> {
  const last = await log.position()
  for (let seen = 0; ;) {
    const position = { gt: seen, lte: last }
    const rows = await log.select('items', {
      where: { ...where, position },
      order: ['position'],
      limit: PAGE,
    })
    yield rows.filter((row) => isWithin(String(row['scope']), scope))
    if (rows.length < PAGE) return
    await new Promise(setImmediate)
    seen = Number(rows.at(-1)?.['position'])
  }
}

async function* jsonl(
  log: Log,
  scope: string | undefined,
  rows: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  yield JSON.stringify({ throughline: 'memory', format: FORMAT, ...(scope === undefined ? {} : { scope }) })
  const exported = new Set<string>()
  for await (const page of rows) {
    const byPosition = new Map(page.map((row) => [Number(row['position']), row]))
    for (const event of await log.eventsAt([...byPosition.keys()])) {
      const { item, affirms, firstAt = new Date(event.at) } = bodyOf(itemRecorded, event)
      exported.add(item.id)
      yield lineOf({
        item: recorded(event, byPosition.get(event.position) ?? {}),
        firstAt,
        affirms: affirms === true,
      })
    }
  }
  for (const { item, origin, status, via } of await flagsOf(log))
    if (exported.has(item)) yield JSON.stringify({ flag: { item, origin, status, via } })
}

/** Live items, oldest first. */
async function* markdown(
  log: Log,
  scope: string,
  where: Readonly<Record<string, Test>>,
  now: number,
): AsyncGenerator<string> {
  yield* headOf(scope)
  const columns = ['position', 'scope'] as const
  const found: Row[] = []
  // One that has run out is shown to whoever asks for it by name, to be given more time.
  const statuses = ['active', 'proposed', ...('item' in where ? (['expired'] as const) : [])] as const
  for (const standing of standingsOf(statuses, now))
    found.push(
      ...(await log.select('items', { where: { ...where, ...standing, replaced_at: null }, columns })),
    )
  const rows = found
    .filter((row) => isWithin(String(row['scope']), scope))
    .sort((a, b) => Number(a['position']) - Number(b['position']))
  for (let i = 0; i < rows.length; i += PAGE) {
    for (const item of await itemsOf(log, rows.slice(i, i + PAGE))) yield* sectionOf(item, scope)
    await new Promise(setImmediate)
  }
}
