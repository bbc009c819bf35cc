/**
 * What is used up of the limits that runs declared: a row for each run that declared some, the calls of tools that are limited, and when
 * the last calls of a rate began. Reservations are guarded by these rows, so they change in the commit of the call's intent.
 */
import { bodyOf, type Projection, type RowChange, type StoredEvent } from '../log/index.ts'
import { events, prunedRuns } from '../run/index.ts'
import { budgetReserved, budgetSettled, type Amounts } from './events.ts'

export const budgetsProjection: Projection = {
  name: 'budgets',
  version: 1,
  mode: 'inline',
  kinds: [budgetReserved.name, budgetSettled.name, 'store.pruned'],
  tables: {
    budgets: {
      columns: {
        ledger: 'text',
        cost_micros: 'integer',
        tokens: 'integer',
        model_calls: 'integer',
        tool_calls: 'integer',
        steps: 'integer',
        /** Of the above: reserved, and not settled. */
        held_micros: 'integer',
        held_tokens: 'integer',
      },
      key: ['ledger'],
    },
    budget_tools: { columns: { ledger: 'text', tool: 'text', calls: 'integer' }, key: ['ledger', 'tool'] },
    budget_rates: { columns: { ledger: 'text', slot: 'integer', at: 'integer' }, key: ['ledger', 'slot'] },
  },
  apply(event) {
    if (event.kind === budgetReserved.name) return reserved(event)
    if (event.kind === budgetSettled.name) return settled(event)
    return prunedRuns(event).flatMap((ledger) =>
      ['budgets', 'budget_tools', 'budget_rates'].map((table) => ({ remove: table, where: { ledger } })),
    )
  },
}

const held = ({ cost_micros = 0, tokens = 0 }: Amounts, sign: 1 | -1) => ({
  held_micros: sign * cost_micros,
  held_tokens: sign * tokens,
})

function reserved(event: StoredEvent): readonly RowChange[] {
  const { kind, name, amounts, slot } = bodyOf(budgetReserved, event)
  const ledger = events.runOfBudget(event.stream)
  const changes: RowChange[] = [
    { add: 'budgets', by: { ...amounts, ...held(amounts, 1) }, where: { ledger } },
  ]
  if (kind === 'tool') changes.push({ add: 'budget_tools', by: { calls: 1 }, where: { ledger, tool: name } })
  if (slot !== undefined) changes.push({ put: 'budget_rates', row: { ledger, slot, at: event.at } })
  return changes
}

function settled(event: StoredEvent): readonly RowChange[] {
  const { amounts, was } = bodyOf(budgetSettled, event)
  const ledger = events.runOfBudget(event.stream)
  return [{ add: 'budgets', by: { ...amounts, ...held(was, -1) }, where: { ledger } }]
}
