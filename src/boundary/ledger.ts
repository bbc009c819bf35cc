/**
 * What a call adds to the ledgers of all who limit it.
 *
 * L1. A reservation and the guard that refuses it are in the commit of the call's intent: parallel branches, children in other processes
 *     and whoever comes after a crash share one row, and never pass a limit by a single call.
 * L2. What was reserved stands until an outcome settles it: a call in doubt is booked at its reservation.
 * L3. Every ledger counts everything, whatever it limits: what was spent can be told.
 */
import { eventOf, type Append, type Change, type Log, type Row } from '../log/index.ts'
import { events } from '../run/index.ts'
import type { Counted, Ledger, Limit } from '../task/index.ts'
import type { Crossed } from './breach.ts'
import { budgetReserved, budgetSettled, type Amounts, type Entry } from './events.ts'

export interface Reserving {
  readonly appends: readonly Append[]
  readonly unless: NonNullable<Change['unless']>
}

/** By the column, what its limit is called where it is declared. */
export const LIMIT_OF: Readonly<Record<Counted, Limit>> = {
  cost_micros: 'costUsd',
  tokens: 'tokens',
  model_calls: 'modelCalls',
  tool_calls: 'toolCalls',
  steps: 'steps',
}

const columnsOf = (counts: Amounts) => Object.entries(counts) as [Counted, number][] // its own keys

/** `slots`: the place of the call among those of a ledger's rate, and since when none of them may have begun there. */
export function reserving(
  ledgers: readonly Ledger[],
  entry: Entry,
  slots: ReadonlyMap<string, { readonly slot: number; readonly since: number }>,
): Reserving {
  const unless: NonNullable<Change['unless']>[number][] = []
  for (const { run: ledger, counts, callsOf } of ledgers) {
    for (const [column, most] of columnsOf(counts)) {
      const amount = entry.amounts[column] ?? 0
      if (amount > 0) unless.push({ table: 'budgets', where: { ledger, [column]: { gt: most - amount } } })
    }
    const calls = entry.kind === 'tool' ? callsOf?.[entry.name] : undefined
    if (calls !== undefined)
      unless.push({ table: 'budget_tools', where: { ledger, tool: entry.name, calls: { gt: calls - 1 } } })
    const taken = slots.get(ledger)
    if (taken)
      unless.push({ table: 'budget_rates', where: { ledger, slot: taken.slot, at: { gt: taken.since } } })
  }
  const appends = ledgers.map(({ run }): Append => {
    const slot = slots.get(run)?.slot
    const body = slot === undefined ? entry : { ...entry, slot }
    return { stream: events.budgetOf(run), expected: 'any', events: [eventOf(budgetReserved, body)] }
  })
  return { appends, unless }
}

/** `amounts`: how much less, or more, it was than reserved. */
export function settling(ledgers: readonly Ledger[], entry: Entry, amounts: Amounts): readonly Append[] {
  const body = { ...entry, amounts, was: entry.amounts }
  return ledgers.map(({ run }) => ({
    stream: events.budgetOf(run),
    expected: 'any',
    events: [eventOf(budgetSettled, body)],
  }))
}

/** The first limit that a call would cross, as the ledgers stand now. */
export async function crossedBy(
  log: Log,
  ledgers: readonly Ledger[],
  { kind, name, amounts }: Entry,
): Promise<Crossed | undefined> {
  const ledger = { in: ledgers.map(({ run }) => run) }
  const isLimited = kind === 'tool' && ledgers.some(({ callsOf }) => callsOf?.[name] !== undefined)
  const [rows, tools] = await Promise.all([
    log.select('budgets', { where: { ledger } }),
    isLimited ? log.select('budget_tools', { where: { ledger, tool: name } }) : [],
  ])
  const cellOf = (found: readonly Row[], run: string, column: string) =>
    Number(found.find((row) => row['ledger'] === run)?.[column] ?? 0)
  for (const { run, counts, callsOf } of ledgers) {
    for (const [column, most] of columnsOf(counts)) {
      const amount = amounts[column] ?? 0
      const used = cellOf(rows, run, column)
      if (amount > 0 && used + amount > most) return overBudget(run, column, { most, used, amount }, name)
    }
    const calls = kind === 'tool' ? callsOf?.[name] : undefined
    const used = cellOf(tools, run, 'calls')
    if (calls !== undefined && used + 1 > calls)
      return {
        what: 'tools',
        limit: calls,
        actual: used + 1,
        by: run,
        message: `Tool "${name}" may be called ${calls} times by the boundary of ${run}, and was called ${used} times.`,
      }
  }
  return undefined
}

function overBudget(
  run: string,
  column: Counted,
  { most, used, amount }: { readonly most: number; readonly used: number; readonly amount: number },
  name: string,
): Crossed {
  const what = LIMIT_OF[column]
  const shown = (value: number) => inUnits(column, value)
  return {
    what,
    limit: shown(most),
    actual: shown(used + amount),
    by: run,
    message: `"${name}" may take ${shown(amount)} of ${what}; the boundary of ${run} allows ${shown(most)}, and ${shown(used)} are spent or reserved.`,
  }
}

/** As it is declared: dollars, or how many. */
export const inUnits = (column: Counted, value: number): number =>
  column === 'cost_micros' ? value / 1_000_000 : value
