/** What fails, by task and mode: what tasks declare a way out for, what they met, how it ended. */
import type { Log, Row } from '../log/index.ts'
import { nameOfTarget, type AnyTask, type RecoveryKey, type Rung } from '../task/index.ts'
import { declaredFor, ladderFor } from './defaults.ts'
import { failureModes, keyOfMode, sentenceOf, type FailureMode } from './modes.ts'
import { attemptsOf } from './walk.ts'

/** One mode of a task. */
export interface ModeOfTask {
  readonly task: string
  readonly mode: FailureMode
  /** As `task({ recovery })` names it. */
  readonly key: RecoveryKey
  /** The task declares a way out of it; undefined where its code is not here. */
  readonly isDeclared: boolean | undefined
  /** The rungs it would take now, declared or by default; undefined where its code is not here. */
  readonly ladder: readonly string[] | undefined
  /** How often it was met, and met while nothing was declared for it. */
  readonly met: number
  readonly unhandled: number
  readonly ended: {
    readonly recovered: number
    readonly partial: number
    readonly halted: number
    readonly compensated: number
    /** On its ladder still, or left there by a run that ended otherwise. */
    readonly open: number
  }
  readonly lastMetAt: Date | undefined
}

export interface FailuresQuery {
  readonly task?: string
  readonly run?: string
  /** Met at or after. */
  readonly since?: Date
}

/** A failure that was met. */
export interface MetFailure {
  readonly run: string
  readonly task: string
  readonly mode: FailureMode
  readonly meaning: string
  readonly operation: string
  readonly isHandled: boolean
  readonly state: 'open' | 'recovered' | 'partial' | 'halted' | 'compensated'
  /** Taken last. */
  readonly rung: string | undefined
  readonly metAt: Date
  readonly overAt: Date | undefined
}

export interface Failures {
  /** Each mode that a task declares or has met, by task. */
  readonly modes: readonly ModeOfTask[]
  /** The newest failures, newest first. */
  readonly latest: readonly MetFailure[]
}

const PAGE = 5000
const LATEST = 50
const COUNTED = ['task', 'mode', 'is_handled', 'state', 'met_at', 'position']

/** What is declared, what was met, what is unhandled. `tasks` are those whose code is here. */
export async function failuresOf(
  log: Log,
  tasks: readonly AnyTask[],
  query: FailuresQuery = {},
): Promise<Failures> {
  const where = {
    ...(query.task === undefined ? {} : { task: query.task }),
    ...(query.run === undefined ? {} : { run: query.run }),
    ...(query.since === undefined ? {} : { met_at: { gte: query.since.getTime() } }),
  }
  const counts = new Map<string, Map<FailureMode, Count>>()
  let before: number | undefined
  for (;;) {
    const rows = await log.select('failures', {
      where: { ...where, ...(before === undefined ? {} : { position: { lt: before } }) },
      order: [{ desc: 'position' }],
      columns: COUNTED,
      limit: PAGE,
    })
    for (const row of rows) count(counts, row)
    if (rows.length < PAGE) break
    before = Number(rows.at(-1)?.['position'])
  }
  const latest = await log.select('failures', { where, order: [{ desc: 'position' }], limit: LATEST })
  return { modes: modesOf(tasks, counts, query), latest: latest.map(metFailure) }
}

interface Count {
  met: number
  unhandled: number
  lastMetAt: number
  readonly ended: Record<MetFailure['state'], number>
}

function count(counts: Map<string, Map<FailureMode, Count>>, row: Row): void {
  const task = String(row['task'])
  const mode = String(row['mode']) as FailureMode // written by the projection only, here and below
  const ofTask = counts.get(task) ?? new Map<FailureMode, Count>()
  counts.set(task, ofTask)
  const known = ofTask.get(mode) ?? {
    met: 0,
    unhandled: 0,
    lastMetAt: 0,
    ended: { open: 0, recovered: 0, partial: 0, halted: 0, compensated: 0 },
  }
  ofTask.set(mode, known)
  known.met++
  if (row['is_handled'] === 0) known.unhandled++
  known.lastMetAt = Math.max(known.lastMetAt, Number(row['met_at']))
  known.ended[String(row['state']) as MetFailure['state']]++
}

function modesOf(
  tasks: readonly AnyTask[],
  counts: ReadonlyMap<string, ReadonlyMap<FailureMode, Count>>,
  query: FailuresQuery,
): readonly ModeOfTask[] {
  // Of several versions the newest that was registered speaks for the task.
  const code = new Map(tasks.map((task) => [task.name, task]))
  const shown = query.run === undefined ? [...code.keys()] : []
  const names = [...new Set([...shown, ...counts.keys()])].filter(
    (name) => query.task === undefined || name === query.task,
  )
  return names.toSorted().flatMap((name) =>
    failureModes.flatMap((mode): readonly ModeOfTask[] => {
      const task = code.get(name)
      const known = counts.get(name)?.get(mode)
      const isDeclared = task && declaredFor(task, mode) !== undefined
      if (!known && !isDeclared) return []
      return [
        {
          task: name,
          mode,
          key: keyOfMode(mode),
          isDeclared,
          ladder: task && ladderFor(task, mode).rungs.map(rungText),
          met: known?.met ?? 0,
          unhandled: known?.unhandled ?? 0,
          ended: known?.ended ?? { open: 0, recovered: 0, partial: 0, halted: 0, compensated: 0 },
          lastMetAt: known && new Date(known.lastMetAt),
        },
      ]
    }),
  )
}

function metFailure(row: Row): MetFailure {
  const mode = String(row['mode']) as FailureMode
  return {
    run: String(row['run']),
    task: String(row['task']),
    mode,
    meaning: sentenceOf(mode),
    operation: String(row['operation']),
    isHandled: row['is_handled'] === 1,
    state: String(row['state']) as MetFailure['state'],
    rung: typeof row['rung'] === 'string' ? row['rung'] : undefined,
    metAt: new Date(Number(row['met_at'])),
    overAt: typeof row['over_at'] === 'number' ? new Date(row['over_at']) : undefined,
  }
}

/** A rung in a word or two. */
export function rungText(rung: Rung): string {
  switch (rung.kind) {
    case 'retry':
      return `retry ${attemptsOf(rung)}×`
    case 'repair':
      return `repair ${attemptsOf(rung)}×`
    case 'fallback':
      return `fallback to ${nameOfTarget(rung.target)}`
    case 'ask':
      return `ask ${rung.to ?? 'anybody'}`
    case 'escalate':
      return `escalate to ${rung.to}`
    case 'accept_partial':
      return 'accept partial'
    default:
      return rung.kind
  }
}
