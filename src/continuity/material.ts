/**
 * What a brief is made of: everything that is read of the store for it, and how far that is.
 *
 * M1. What is ordered here is ordered by what the record says (times, then ids), never by positions: those are of one store.
 */
import { bodyOf, isErased, type Log, type Row } from '../log/index.ts'
import {
  itemFlagged,
  itemRecorded,
  itemsByVersion,
  liveInFork,
  scopesAbove,
  streamOf,
  type Flag,
  type Memory,
  type MemoryItem,
} from '../memory/index.ts'
import { wordingOf } from '../oversight/index.ts'
import { events, RunErased, RunNotFound, type Fork, type Waiting } from '../run/index.ts'
import { briefAcknowledged, threadStream, type BriefSettings, type Vector } from './events.ts'
import { openHandoffs, type Handoff } from './handoffs.ts'
import { questionsAmong, type Questions } from './pending.ts'
import { planOf, type Planned } from './plan.ts'
import type { RunRecord } from './record.ts'
import type { Records } from './records.ts'
import { threadById, type RecordedThread } from './threads.ts'

export interface RunState {
  readonly run: string
  readonly task: string
  readonly version: string
  readonly status: string
  readonly scope: string
  readonly thread: string | undefined
  readonly parent: string | undefined
  readonly createdAt: number
  /** While it is suspended: for what. */
  readonly waiting: readonly Waiting[]
  readonly record: RunRecord
  readonly plan: readonly Planned[]
}

/** A change of an item since the reader last looked. */
export type ItemNews = Pick<MemoryItem, 'id' | 'version' | 'kind' | 'status' | 'statement' | 'change'>

/** An item, and what it rests on that does not hold. */
export type Grounds = Pick<Flag, 'item' | 'origin' | 'status'>

export interface Material {
  readonly subject: string
  readonly scope: string
  readonly thread: RecordedThread | undefined
  /** The run, or the runs of the thread, oldest first. */
  readonly runs: readonly RunState[]
  /** Runs they started that have not ended. */
  readonly below: readonly RunState[]
  /** Ended runs of the thread that were not looked into. */
  readonly unread: number
  /** Run that held the key before, and failed. */
  readonly replaced: { readonly run: string; readonly mode: string; readonly message: string } | undefined
  readonly live: readonly MemoryItem[]
  /** Of live items: those that rest on what no longer holds. */
  readonly flags: readonly Flag[]
  readonly withdrawn: readonly MemoryItem[]
  readonly news: readonly ItemNews[]
  /** Items that were flagged since the reader last looked. */
  readonly flagged: readonly Grounds[]
  /** Of these runs. */
  readonly handoffs: readonly Handoff[]
  /** Of people, that they wait for. */
  readonly questions: Questions
  readonly asked: readonly { readonly reader: string; readonly question: string }[]
  readonly vector: Vector
}

/** So many ended runs of a thread are looked into, the newest. */
const MOST_ENDED = 50
/** So many withdrawn items are kept in sight, the newest. */
const MOST_WITHDRAWN = 100
/** When nothing has expired yet. */
const EVER = new Date(-8.64e15)
const ENDED = ['done', 'failed', 'cancelled']

export interface Sources {
  readonly log: Log
  readonly memory: Memory
  readonly records: Records
}

/** @throws {RunNotFound} @throws {RunErased} @throws {ThreadNotFound} */
export async function gather(sources: Sources, subject: string, settings: BriefSettings): Promise<Material> {
  const { log, memory, records } = sources
  const [own] = await log.select('runs', { where: { run: subject } })
  if (!own && !subject.startsWith('thr_')) throw new RunNotFound(subject)
  if (own?.['status'] === 'erased') throw new RunErased(subject)
  const thread = own ? undefined : await threadById(log, subject)
  const of = own ? [own] : await log.select('runs', { where: { thread: subject } })
  const rows = of.filter((row) => row['status'] !== 'erased')
  const ended = rows.filter((row) => ENDED.includes(String(row['status']))).sort(byAge)
  const unread = own ? 0 : Math.max(0, ended.length - MOST_ENDED)
  const read = [...rows.filter((row) => !ended.includes(row)), ...ended.slice(unread)].sort(byAge)
  const vector: Record<string, number> = {}
  const stateOf = async (row: Row): Promise<RunState> => {
    const run = String(row['run'])
    const { record, seq, chapter } = await records.of(run, Number(row['chapter']))
    vector[events.chapterStream(run, chapter)] = seq
    return { ...factsOf(row), record, plan: await planOf(log, run) }
  }
  const runs: RunState[] = []
  for (const row of read) runs.push(await stateOf(row))
  const known = new Set(runs.map(({ run }) => run))
  const below: RunState[] = []
  for (const { run } of runs)
    await descend(log, run, known, async (row) => void below.push(await stateOf(row)))
  const scope = thread?.scope ?? String(own?.['scope'] ?? '')
  if (thread) vector[threadStream(subject)] = thread.version
  for (const one of scopesAbove(scope)) {
    const head = await log.head(streamOf(one))
    if (head) vector[head.stream] = head.seq
  }
  const forks = own ? (runs[0]?.record.started?.forks ?? []) : []
  const live = forks.length > 0 ? await liveOf(log, forks, scope) : await everyLive(memory, scope)
  const over = await memory.list({ scope, status: 'withdrawn', limit: MOST_WITHDRAWN })
  return {
    subject,
    scope,
    thread,
    runs,
    below,
    unread,
    replaced: await replacedBy(log, runs[0]?.record.started?.replaces),
    live: live.sort(byTime),
    flags: [...(await memory.flags(live.map(({ id }) => id)))].sort(byFlag),
    withdrawn: [...over.items].sort(byTime),
    ...(await newsOf(sources, scope, settings.since)),
    handoffs: await openHandoffs(log, { of: [...known] }),
    questions: await wordingOf(
      log,
      [...runs, ...below].flatMap(({ waiting }) => questionsAmong(waiting)),
    ),
    asked: await askedOf(log, subject),
    vector,
  }
}

const byAge = (a: Row, b: Row): number =>
  Number(a['created_at']) - Number(b['created_at']) || (String(a['run']) < String(b['run']) ? -1 : 1)

const byTime = (a: MemoryItem, b: MemoryItem): number =>
  a.recordedAt.getTime() - b.recordedAt.getTime() || (a.id < b.id ? -1 : 1)

const byFlag = (a: Grounds & Pick<Flag, 'at'>, b: Grounds & Pick<Flag, 'at'>): number =>
  a.at.getTime() - b.at.getTime() || (`${a.origin} ${a.item}` < `${b.origin} ${b.item}` ? -1 : 1)

function factsOf(row: Row): Omit<RunState, 'record' | 'plan'> {
  const text = (column: string) => (row[column] === null ? undefined : String(row[column]))
  return {
    run: String(row['run']),
    task: String(row['task']),
    version: String(row['version']),
    status: String(row['status']),
    scope: String(row['scope'] ?? ''),
    thread: text('thread'),
    parent: text('parent'),
    createdAt: Number(row['created_at']),
    // The runs projection writes nothing else there.
    waiting: row['waiting'] ? (JSON.parse(String(row['waiting'])) as Waiting[]) : [],
  }
}

/** Runs that a run started, and those that they started, as far as they have not ended. */
async function descend(
  log: Log,
  run: string,
  known: Set<string>,
  found: (row: Row) => Promise<void>,
): Promise<void> {
  const rows = await log.select('runs', { where: { parent: run, ended_at: null } })
  for (const row of [...rows].sort(byAge)) {
    const child = String(row['run'])
    if (known.has(child)) continue
    known.add(child)
    await found(row)
    await descend(log, child, known, found)
  }
}

/** As a fork sees them. */
async function liveOf(log: Log, forks: readonly Fork[], scope: string): Promise<MemoryItem[]> {
  const seen = await liveInFork(log, forks, { scope: { in: scopesAbove(scope) } })
  const versions = await itemsByVersion(
    log,
    seen.map(({ id, version }) => [id, version] as const),
  )
  return [...versions.values()].filter(({ status }) => status === 'active')
}

/**
 * All of them: what binds is never left out because there is much of it. Until when an item is true stands in its line; a brief does
 * not change because time passes.
 */
async function everyLive(memory: Memory, scope: string): Promise<MemoryItem[]> {
  const items: MemoryItem[] = []
  for (let cursor: string | undefined; ;) {
    const page = await memory.list({
      scope,
      at: EVER,
      limit: 1000,
      ...(cursor === undefined ? {} : { cursor }),
    })
    items.push(...page.items)
    cursor = page.cursor
    if (cursor === undefined) return items
  }
}

/** What became of items since the reader last looked, oldest first. */
async function newsOf(
  { log }: Sources,
  scope: string,
  since: BriefSettings['since'],
): Promise<Pick<Material, 'news' | 'flagged'>> {
  if (since === undefined) return { news: [], flagged: [] }
  const latest = new Map<string, { readonly item: ItemNews; readonly at: number }>()
  const flagged = new Map<string, Grounds & { readonly at: Date }>()
  for (const one of scopesAbove(scope)) {
    const stream = streamOf(one)
    const from = 'vector' in since ? (since.vector[stream] ?? 0) + 1 : 1
    for await (const page of log.read(stream, from))
      for (const event of page) {
        if (isErased(event) || ('at' in since && event.at <= since.at)) continue
        if (event.kind === itemFlagged.name) {
          const flag = { ...bodyOf(itemFlagged, event), at: new Date(event.at) }
          flagged.set(`${flag.item} ${flag.origin}`, flag)
          continue
        }
        if (event.kind !== itemRecorded.name) continue
        const { item } = bodyOf(itemRecorded, event)
        const { id, version, kind = 'fact', status = 'active', statement = '', change } = item
        latest.delete(id)
        latest.set(id, { item: { id, version, kind, status, statement, change }, at: event.at })
      }
  }
  const news = [...latest.values()].sort((a, b) => a.at - b.at || (a.item.id < b.item.id ? -1 : 1))
  return { news: news.map(({ item }) => item), flagged: [...flagged.values()].sort(byFlag) }
}

async function replacedBy(log: Log, run: string | undefined): Promise<Material['replaced']> {
  if (run === undefined) return undefined
  const [row] = await log.select('runs', { where: { run }, columns: ['mode', 'message'] })
  return row && { run, mode: String(row['mode'] ?? 'unclassified'), message: String(row['message'] ?? '') }
}

/** What readers asked when they acknowledged; a question stands until its reader acknowledges again. */
async function askedOf(log: Log, subject: string): Promise<Material['asked']> {
  const rows = await log.select('acknowledgements', { where: { subject }, order: ['reader'] })
  const acknowledged = await log.eventsAt(rows.map((row) => Number(row['position'])))
  return acknowledged.flatMap((event) => {
    const { reader, questions = [] } = bodyOf(briefAcknowledged, event)
    return questions.map((question) => ({ reader, question }))
  })
}

/** Effects in doubt of every run there is, those that were started included. */
export function doubtsOf({ runs, below }: Pick<Material, 'runs' | 'below'>) {
  return [...runs, ...below].flatMap((state) =>
    [...state.record.doubts.values()].map((doubt) => ({ ...doubt, run: state.run, task: state.task })),
  )
}
