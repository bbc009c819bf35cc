/** Runs as people and programs list them. */
import type { Row, Test, Log } from '../log/index.ts'
import type { Waiting } from '../run/index.ts'

/** `erased`: what it did was erased, whatever came of it. */
export type RunStatus =
  | 'queued'
  | 'running'
  | 'waiting'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'halted'
  | 'erased'

export interface RunRow {
  readonly id: string
  readonly task: string
  readonly version: string
  readonly status: RunStatus
  /** While waiting: for what. */
  readonly waiting: readonly Waiting[]
  /** `stalled` or `await_outside_step` where its body does something the record cannot see. */
  readonly note: string | undefined
  /** When it will next be woken by time. */
  readonly wakeAt: Date | undefined
  readonly key: string | undefined
  readonly scope: string | undefined
  readonly thread: string | undefined
  readonly parent: string | undefined
  readonly chapter: number
  /** The module its task came from, where it was started by `throughline run`. */
  readonly source: string | undefined
  /** How it failed or halted, and what was said. */
  readonly mode: string | undefined
  readonly message: string | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly endedAt: Date | undefined
}

export interface RunsQuery {
  readonly task?: string
  readonly status?: RunStatus | readonly RunStatus[]
  readonly scope?: string
  readonly thread?: string
  readonly parent?: string
  /** Started at or after. */
  readonly since?: Date
  /** 50 unless told, 1,000 at most. */
  readonly limit?: number
  /** From the page before. */
  readonly cursor?: string
}

export interface RunsPage {
  readonly runs: readonly RunRow[]
  /** Give it to get the next page; undefined on the last. */
  readonly cursor: string | undefined
}

/** Newest first. */
export async function listRuns(log: Log, query: RunsQuery = {}): Promise<RunsPage> {
  const limit = Math.min(1000, Math.max(1, query.limit ?? 50))
  const where: Record<string, Test> = {}
  for (const column of ['task', 'scope', 'thread', 'parent'] as const)
    if (query[column] !== undefined) where[column] = query[column]
  if (query.since !== undefined) where['created_at'] = { gte: query.since.getTime() }
  if (query.cursor !== undefined) where['position'] = { lt: Number(query.cursor) }
  const newest = (own: Readonly<Record<string, Test>>) =>
    log.select('runs', { where: { ...own, ...where }, order: [{ desc: 'position' }], limit: limit + 1 })
  // Each status by itself: that is one walk along its own index, however few there are among however many.
  const statuses = query.status === undefined ? undefined : [query.status].flat()
  const found = await Promise.all((statuses?.map((status) => ({ status })) ?? [{}]).map(newest))
  const rows = found.flat().toSorted((a, b) => Number(b['position']) - Number(a['position']))
  const page = rows.slice(0, limit)
  return {
    runs: page.map(runRow),
    cursor: rows.length > limit ? String(page.at(-1)?.['position']) : undefined,
  }
}

export function runRow(row: Row): RunRow {
  const text = (column: string) =>
    row[column] === null || row[column] === undefined ? undefined : String(row[column])
  const date = (column: string) =>
    row[column] === null || row[column] === undefined ? undefined : new Date(Number(row[column]))
  const note = text('waiting_for')
  return {
    id: String(row['run']),
    task: String(row['task']),
    version: String(row['version']),
    status: String(row['status']) as RunStatus, // written by the runs projection only
    waiting: row['waiting'] ? (JSON.parse(String(row['waiting'])) as Waiting[]) : [],
    note: note === 'stalled' || note === 'await_outside_step' ? note : undefined,
    wakeAt: date('wake_at'),
    key: text('key'),
    scope: text('scope') || undefined,
    thread: text('thread'),
    parent: text('parent'),
    chapter: Number(row['chapter']),
    source: text('source'),
    mode: text('mode'),
    message: text('message'),
    createdAt: new Date(Number(row['created_at'])),
    updatedAt: new Date(Number(row['updated_at'])),
    endedAt: date('ended_at'),
  }
}
