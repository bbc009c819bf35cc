/** The boundary of a task as people read it, and how much of it a run has used up. */
import type { Log } from '../log/index.ts'
import { narrowed, type AnyTask, type Counted, type Narrowed } from '../task/index.ts'
import { inUnits, LIMIT_OF } from './ledger.ts'
import { sentencesOf, type LimitLine } from './sentences.ts'

/** One ledger: what the run that declared the limits, and all below it, have used. */
export interface Spend {
  /** Whose limits they are. */
  readonly run: string
  readonly used: readonly {
    readonly what: string
    readonly spent: number
    /** Of that, reserved for calls that have not been settled. */
    readonly reserved: number
    readonly limit: number | undefined
  }[]
}

export interface BoundaryReport {
  readonly task: string
  readonly version: string
  /** Empty: nothing is limited. */
  readonly lines: readonly LimitLine[]
  /** Of the run that was asked about. */
  readonly run?: { readonly id: string; readonly spend: readonly Spend[] }
}

/** What a task's own boundary says. */
export function boundaryReport(task: AnyTask): BoundaryReport {
  const within = narrowed(task.boundary?.limits, undefined, { id: '', since: 0 })
  return { task: task.name, version: task.version, lines: sentencesOf(task, within, '') }
}

/** The same for a run: with what its callers handed down, and what was spent. */
export async function boundaryReportOf(
  log: Log,
  task: AnyTask,
  run: { readonly id: string; readonly since: number; readonly above: Narrowed | undefined },
): Promise<BoundaryReport> {
  const within = narrowed(task.boundary?.limits, run.above, run)
  const lines = sentencesOf(task, within, run.id)
  return {
    task: task.name,
    version: task.version,
    lines,
    run: { id: run.id, spend: await spendOf(log, within) },
  }
}

const HELD: Readonly<Partial<Record<Counted, string>>> = { cost_micros: 'held_micros', tokens: 'held_tokens' }

async function spendOf(log: Log, within: Narrowed | undefined): Promise<readonly Spend[]> {
  const ledgers = within?.ledgers ?? []
  const ledger = { in: ledgers.map(({ run }) => run) }
  const [rows, tools] = await Promise.all([
    log.select('budgets', { where: { ledger } }),
    log.select('budget_tools', { where: { ledger }, order: ['tool'] }),
  ])
  const columns = Object.entries(LIMIT_OF) as [Counted, string][] // its own keys
  return ledgers.map(({ run, counts, callsOf = {} }) => {
    const row = rows.find((one) => one['ledger'] === run)
    const calls = tools.filter((one) => one['ledger'] === run)
    const names = new Set([...Object.keys(callsOf), ...calls.map((one) => String(one['tool']))])
    return {
      run,
      used: [
        ...columns.map(([column, what]) => ({
          what,
          spent: inUnits(column, Number(row?.[column] ?? 0)),
          reserved: inUnits(column, Number(row?.[HELD[column] ?? ''] ?? 0)),
          limit: counts[column] === undefined ? undefined : inUnits(column, counts[column]),
        })),
        ...[...names].toSorted().map((tool) => ({
          what: `tool ${tool}`,
          spent: Number(calls.find((one) => one['tool'] === tool)?.['calls'] ?? 0),
          reserved: 0,
          limit: callsOf[tool],
        })),
      ].filter(({ spent, limit }) => spent !== 0 || limit !== undefined),
    }
  })
}
