/**
 * What goes with the items that are to be erased.
 *
 * P1. Runs on whose record there is a trace of them (traces.ts), and those that know through one (kin.ts): they lose all of it, for a
 *     record with holes cannot be replayed.
 * P2. Briefs and acknowledgements that name such an item, or what such a run did (briefs.ts).
 */
import { bodyOf, type Erase, type Log, type Places, type Row } from '../../log/index.ts'
import { events } from '../../run/index.ts'
import { itemRecorded } from '../events.ts'
import { AT_ONCE, itemsMeant, type Asked } from './asked.ts'
import { briefsOf } from './briefs.ts'
import { runsWith, withKin, type Readers } from './kin.ts'
import { namesUnder } from './names.ts'
import type { Traces } from './traces.ts'

/** What was found out before. */
export interface Known {
  readonly traces: Traces
  readonly readers: Readers
  /** What was looked through. */
  readonly from: number
}

export interface Plan extends Pick<Erase, 'places' | 'whole' | 'left' | 'unless'> {
  readonly items: readonly string[]
  readonly versions: number
  readonly runs: readonly string[]
  /** What was looked through. */
  readonly upTo: number
}

const MEMORY = 'memory:'

export async function planOf(log: Log, asked: Asked, { traces, readers, from }: Known): Promise<Plan> {
  const upTo = await log.position()
  const rows = (await itemsMeant(log, asked)).filter((row) => row['status'] !== 'erased')
  const places = await placesOf(log, rows, traces)
  await allowOthers(log, traces)
  const runs = await withKin(log, await runsWith(log, traces, readers, { from, upTo }), readers)
  const briefs = await briefsOf(log, asked, traces.ids, new Set(runs.map((row) => String(row['run']))))
  const ids = [...new Set(rows.map((row) => String(row['item'])))]
  return {
    places: { ...places, ...briefs.places },
    whole: [...runs.flatMap(streamsOf), ...briefs.whole],
    left: {
      items: leftOfItems(rows),
      runs: runs.map(leftOfRun),
      briefs: briefs.subjects,
      handoffs: briefs.handoffs,
    },
    // Another version of one of them would be left behind.
    unless: Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, i) => ({
      table: 'items',
      where: { item: { in: ids.slice(i * AT_ONCE, (i + 1) * AT_ONCE) }, position: { gt: upTo } },
    })),
    items: ids,
    versions: rows.length,
    runs: runs.map((row) => String(row['run'])),
    upTo,
  }
}

async function placesOf(log: Log, rows: readonly Row[], traces: Traces): Promise<Places> {
  const places = new Map<string, [number, number][]>()
  for (let i = 0; i < rows.length; i += AT_ONCE) {
    const positions = rows.slice(i, i + AT_ONCE).map((row) => Number(row['position']))
    for (const event of await log.eventsAt(positions)) {
      if (event.body !== undefined) traces.addItem(bodyOf(itemRecorded, event).item)
      places.set(event.stream, [...(places.get(event.stream) ?? []), [event.seq, event.seq]])
    }
  }
  return Object.fromEntries(places)
}

/** What items say that stay. */
async function allowOthers(log: Log, traces: Traces): Promise<void> {
  for await (const stream of namesUnder(log, MEMORY))
    for await (const page of log.read(stream))
      for (const { body } of page) if (body !== undefined && !isOf(body, traces.ids)) traces.allow(body)
}

/** Ids stand in quotes, wherever they stand in an item. */
const isOf = (body: string, ids: ReadonlySet<string>): boolean => {
  const id = /^\{"item":\{(?:.*?,)??"id":"([^"]*)"/s.exec(body)?.[1]
  return id !== undefined && ids.has(id)
}

/** Its chapters, and its inbox. */
function streamsOf(row: Row): string[] {
  const run = String(row['run'])
  const chapters = Array.from({ length: Number(row['chapter']) }, (_, i) => events.chapterStream(run, i + 1))
  return [...chapters, events.inboxOf(run)]
}

/** As the views of memory read it (projection.ts). */
function leftOfItems(rows: readonly Row[]): readonly unknown[] {
  const byId = Map.groupBy(rows, (row) => String(row['item']))
  return [...byId].map(([id, versions]) => ({
    id,
    kind: versions[0]?.['kind'],
    versions: versions.map((row) => [row['version'], row['recorded_at'], row['replaced_at']]),
  }))
}

/** As the views of runs read it (run/rows.ts). */
function leftOfRun(row: Row): unknown {
  return {
    run: row['run'],
    task: row['task'],
    version: row['version'],
    scope: row['scope'] ?? '',
    thread: row['thread'],
    parent: row['parent'],
    chapter: row['chapter'],
    createdAt: row['created_at'],
    endedAt: row['ended_at'],
  }
}
