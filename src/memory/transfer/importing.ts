/**
 * A text into memory: all of it or nothing, in one commit, and told before it is done.
 *
 * I1. The text is read to its end and held against the store before anything is written.
 * I2. Others may write meanwhile: then it is held against the store again.
 */
import { anew, type Change, type Log, type Row } from '../../log/index.ts'
import type { Item } from '../../task/index.ts'
import { disputes } from '../conflicts.ts'
import { raised } from '../flags.ts'
import { rowOf } from '../projection.ts'
import { itemsOf } from '../reading.ts'
import { appendOf, flagAppendOf, merged, type Pen, type Put } from '../writing.ts'
import { differences, edits } from './edits.ts'
import { incoming, incomingFlags, parseLines } from './jsonl.ts'
import { Problems } from './problems.ts'
import { parseSections, type Line } from './sections.ts'
import { turns } from './turns.ts'

export interface MemoryImportOptions {
  /** Whose word it is; `person` unless told. Of what another store recorded, the authors stay, and this is who brought it. */
  readonly by?: string
  /** Why items end, where the text does not say. */
  readonly because?: string
  /** Say what would change, and change nothing. */
  readonly dryRun?: boolean
}

/** A version that an import puts on the record. */
export interface ImportedChange {
  readonly what: 'new' | 'changed' | 'accepted' | 'superseded' | 'withdrawn' | 'fulfilled' | 'expired'
  readonly item: string
  readonly version: number
  readonly subject: string
  readonly statement: string
  /** Of one that was changed: which fields. */
  readonly fields: readonly string[]
  /** What took its place, or answered it. */
  readonly by: string | undefined
  readonly line: number
}

export interface MemoryImported {
  readonly format: 'jsonl' | 'markdown'
  readonly changes: readonly ImportedChange[]
  /** Versions, or sections, that say what is here already. */
  readonly alreadyHere: number
  /** Items, these among them, that cannot both hold. */
  readonly conflicts: readonly {
    readonly scope: string
    readonly subject: string
    readonly predicate: string
    readonly items: readonly string[]
  }[]
}

/** An item is at most a few hundred thousand characters; nothing that is longer is looked at. */
const MOST_LINE = 16 * 1024 * 1024

/** @throws {BadMemoryImport} @throws {ImportConflict} @throws {ItemChanged} */
export async function importMemory(
  pen: Pen,
  source: Iterable<string> | AsyncIterable<string>,
  options: MemoryImportOptions,
): Promise<MemoryImported> {
  const problems = new Problems()
  const lines = await linesOf(source, problems)
  if (lines.length === 0) problems.add(1, 'there is nothing in it.')
  problems.check()
  const isJson = lines[0]?.text.trimStart().startsWith('{') ?? false
  const plan = isJson
    ? await planOfLines(pen, lines, problems)
    : await planOfText(pen, lines, options, problems)
  return anew(async () => {
    const { news, alreadyHere, flags, before, unless } = await plan()
    const conflicts = await conflictsWith(pen, news)
    const changes = news.map((put) => changeOf(put, before.get(put.item.id)))
    if (options.dryRun !== true && news.length > 0)
      await pen.log.commit({
        appends: merged([
          ...news.map(({ line: _line, ...put }) => appendOf(put, pen.by.author)),
          ...flags.map(flagAppendOf),
        ]),
        unless,
      })
    return { format: isJson ? 'jsonl' : 'markdown', changes, alreadyHere, conflicts }
  })
}

interface Plan {
  readonly news: readonly (Put & { readonly line: number })[]
  readonly alreadyHere: number
  readonly flags: readonly Parameters<typeof flagAppendOf>[0][]
  readonly unless: NonNullable<Change['unless']>
  /** The newest version here of each item that is to be changed. */
  readonly before: ReadonlyMap<string, Item>
}

/** Numbered from 1; a line that is blank is one. */
async function linesOf(
  source: Iterable<string> | AsyncIterable<string>,
  problems: Problems,
): Promise<readonly Line[]> {
  const lines: Line[] = []
  const turn = turns()
  let line = 0
  for await (const given of source) {
    line++
    await turn()
    const text = (line === 1 ? given.replace(/^\uFEFF/, '') : given).replace(/\r?\n?$/, '')
    if (text.length > MOST_LINE)
      problems.add(line, `it has ${text.length} characters; ${MOST_LINE} is the most.`)
    else lines.push({ text, line })
  }
  while (lines.at(-1)?.text.trim() === '') lines.pop()
  return lines
}

async function planOfLines(
  pen: Pen,
  lines: readonly Line[],
  problems: Problems,
): Promise<() => Promise<Plan>> {
  const parsed = await parseLines(
    lines.filter(({ text }) => text.trim() !== ''),
    problems,
  )
  const given = new Set(parsed.versions.map(({ item }) => item.id))
  return async () => {
    const { news, alreadyHere } = await incoming(pen.log, parsed, problems)
    const before = await newestOf(pen.log, news)
    // Of what came along, the other store has said what is flagged; here it may rest under more.
    const last = new Map(news.map((put) => [put.item.id, put]))
    const { flags, unless } = await raised(pen.log, [...last.values()])
    const own = flags.filter(({ item }) => !given.has(item))
    return { news, alreadyHere, before, flags: [...own, ...(await incomingFlags(pen.log, parsed))], unless }
  }
}

async function planOfText(
  pen: Pen,
  lines: readonly Line[],
  { because }: MemoryImportOptions,
  problems: Problems,
): Promise<() => Promise<Plan>> {
  const register = await parseSections(lines, problems)
  return async () => {
    const { news, alreadyHere } = await edits(pen, register, because, problems)
    const { flags, unless } = await raised(pen.log, news)
    return { news, alreadyHere, before: await newestOf(pen.log, news), flags, unless }
  }
}

const AT_ONCE = 500

async function newestOf(log: Log, news: readonly Put[]): Promise<ReadonlyMap<string, Item>> {
  const ids = [...new Set(news.flatMap(({ item }) => (item.version > 1 ? [item.id] : [])))]
  const newest = new Map<string, Item>()
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const where = { item: { in: ids.slice(i, i + AT_ONCE) }, replaced_at: null }
    for (const item of await itemsOf(log, await log.select('items', { where }))) newest.set(item.id, item)
  }
  return newest
}

function changeOf({ item, line }: Put & { readonly line: number }, before: Item | undefined): ImportedChange {
  const { id, version, subject, statement, status, change } = item
  const isAccepted = before?.status === 'proposed' && status === 'active'
  const what = version === 1 ? 'new' : status === 'active' ? (isAccepted ? 'accepted' : 'changed') : status
  return {
    what: what === 'proposed' || what === 'erased' ? 'changed' : what, // none is erased: line.ts
    item: id,
    version,
    subject,
    statement,
    fields: before ? differences(before, item) : [],
    by: change?.by,
    line,
  }
}

/** What would not agree, were this there. */
async function conflictsWith({ log, now }: Pen, news: readonly Put[]): Promise<MemoryImported['conflicts']> {
  const placed = new Map(news.map(({ item }) => [item.id, item]))
  const live = { status: 'active', ends_at: { gt: now() } }
  const disputable = [...placed.values()].filter(
    (item) => item.status === 'active' && item.predicate !== undefined,
  )
  if (disputable.length === 0) return []
  const subjects = [...new Set(disputable.map(({ subject }) => subject))]
  const where = { ...live, subject: { in: subjects }, replaced_at: null, predicate: { not: null } }
  const here = await log.select('items', { where, order: ['position'] })
  const rows: Row[] = [
    ...here.filter((row) => !placed.has(String(row['item']))),
    ...disputable.map((item) => rowOf(item, { at: now(), tenant: '', position: 0 })),
  ]
  return disputes(rows.filter((row) => Number(row['ends_at']) > now()))
    .filter((group) => group.some((row) => placed.has(String(row['item']))))
    .map((group) => ({
      scope: String(group[0]?.['scope']),
      subject: String(group[0]?.['subject']),
      predicate: String(group[0]?.['predicate']),
      items: group.map((row) => String(row['item'])),
    }))
}
