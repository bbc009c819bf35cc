/**
 * Runs that know of what is erased: by a trace on their own record, or through another run.
 *
 * K1. What a run knows it may have given to the runs it started. What came of it is known to whoever awaited it, but not to all that
 *     one ever started: those are looked at by themselves.
 * K2. Whoever read a brief has on record what it said of runs.
 */
import { bodyOf, type Log, type Row, type StoredEvent } from '../../log/index.ts'
import { events } from '../../run/index.ts'
import { AT_ONCE } from './asked.ts'
import type { Traces } from './traces.ts'

/** Of each run that read briefs: the runs those spoke of. */
export type Readers = Map<string, Set<string>>

/** As continuity names it. */
const READ = 'brief read'

export interface Span {
  /** What was looked through before. */
  readonly from: number
  readonly upTo: number
}

/** Runs with a trace on their record; notes who read what. */
export async function runsWith(
  log: Log,
  traces: Traces,
  readers: Readers,
  { from, upTo }: Span,
): Promise<ReadonlySet<string>> {
  const runs = new Set<string>()
  if (upTo <= from) return runs
  const stop = new AbortController()
  for await (const event of log.follow(from, stop.signal)) {
    if (isOfRun(event)) {
      const run = events.runOfStream(event.stream)
      if (!runs.has(run) && traces.areIn(event)) runs.add(run)
      if (event.name?.split(' › ').at(-1) === READ)
        readers.set(run, new Set([...(readers.get(run) ?? []), ...runsNamedIn(event)]))
    }
    if (event.position >= upTo) break
  }
  return runs
}

const isOfRun = ({ stream }: StoredEvent): boolean => !stream.includes('/') || stream.endsWith('/inbox')

const runsNamedIn = ({ body = '' }: StoredEvent): readonly string[] => body.match(/run_[\w-]+/g) ?? []

/** Rows of these runs and of those that know through them; what was erased before is left out. */
export async function withKin(
  log: Log,
  runs: ReadonlySet<string>,
  readers: Readers,
): Promise<readonly Row[]> {
  const rows = new Map<string, Row>()
  const knowing = new Set<string>()
  let told = await rowsOf(log, 'run', [...runs])
  let asked: readonly Row[] = []
  while (told.length > 0 || asked.length > 0) {
    const taught = told.map(idOf).filter((run) => !knowing.has(run))
    const fresh = [...told, ...asked].filter((row) => !rows.has(idOf(row)))
    for (const run of taught) knowing.add(run)
    for (const row of [...told, ...asked]) rows.set(idOf(row), row)
    const ids = new Set(fresh.map(idOf))
    const read = [...readers].filter(([, of]) => [...of].some((run) => ids.has(run))).map(([run]) => run)
    const next = [...(await rowsOf(log, 'parent', taught)), ...(await rowsOf(log, 'run', read))]
    told = next.filter((row) => !knowing.has(idOf(row)))
    asked = (await rowsOf(log, 'run', await callersOf(log, fresh))).filter((row) => !rows.has(idOf(row)))
  }
  return [...rows.values()]
}

const idOf = (row: Row): string => String(row['run'])

async function rowsOf(log: Log, column: 'run' | 'parent', ids: readonly string[]): Promise<readonly Row[]> {
  const found: Row[] = []
  for (let i = 0; i < ids.length; i += AT_ONCE)
    found.push(...(await log.select('runs', { where: { [column]: { in: ids.slice(i, i + AT_ONCE) } } })))
  return found.filter((row) => row['status'] !== 'erased')
}

/** Runs that await, or awaited, what came of these. */
async function callersOf(log: Log, rows: readonly Row[]): Promise<readonly string[]> {
  const callers = new Set<string>()
  for (const row of rows) {
    if (row['parent'] === null) continue
    for await (const [first] of log.read(idOf(row))) {
      const parent = first?.body === undefined ? undefined : bodyOf(events.runStarted, first).parent
      if (parent?.isAwaited) callers.add(parent.run)
      break
    }
  }
  return [...callers]
}
