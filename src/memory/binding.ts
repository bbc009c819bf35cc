/**
 * What live decisions and constraints demand of a value.
 *
 * B1. Every rule in scope counts that is live when the value passes: the passing is committed only if none was recorded meanwhile.
 * B2. A rule that cannot be looked at is one that is gone against: checks fail closed.
 * B3. A rule about something the value does not have says nothing of it; one that requires it is not met, and does not stop it either.
 */
import type { Change, Log, Row } from '../log/index.ts'
import type { Fork } from '../run/index.ts'
import type { Item } from '../task/index.ts'
import { scopesAbove } from './item.ts'
import { OVERLAID, overlaid } from './overlay.ts'
import { ruleKeysFor } from './projection.ts'
import { itemsOf } from './reading.ts'
import type * as rules from './rules/index.ts'
import type { CompiledRule, Verdict } from './rules/index.ts'
import { isMatch } from './rules/pattern.ts'

/** An item whose rule a value goes against. */
export interface Against {
  readonly item: Item
  /** The parts of the value, where they can be told, or why the rule could not be looked at. */
  readonly where: readonly string[]
}

export interface Bound {
  readonly denied: readonly Against[]
  /** To be gone against with a reason only. */
  readonly asks: readonly Against[]
  readonly warned: readonly Against[]
  /** What must not have come meanwhile. */
  readonly unless: NonNullable<Change['unless']>
}

type Rules = typeof rules

const COLUMNS = [...OVERLAID, 'rule_target', 'valid_from', 'valid_to'] as const
const REMEMBERED = 20_000

/** Rules by item and version: what was compiled once is what is evaluated. */
const compiled = new Map<string, { readonly item: Item; readonly rule: CompiledRule | undefined }>()

/** What was erased is not kept in mind either. */
export function forgetRules(items: readonly string[]): void {
  const gone = new Set(items)
  for (const [key, { item }] of compiled) if (gone.has(item.id)) compiled.delete(key)
}

/** `now`: rules that are not yet, or no longer, in force do not bind. @throws what the store says */
export async function bind(
  log: Log,
  about: {
    readonly scope: string
    readonly target: string
    readonly value: unknown
    readonly now: number
    readonly forks: readonly Fork[]
  },
): Promise<Bound> {
  const { target, value, now } = about
  const scope = { in: scopesAbove(about.scope) }
  const binding = { scope, rule_key: { in: ruleKeysFor(target) }, status: 'active' }
  const live = { ...binding, replaced_at: null }
  const newest = await log.select('items', { where: live, columns: COLUMNS })
  const rows = await overlaid(log, about.forks, newest, binding)
  const seen = newest.reduce((most, row) => Math.max(most, Number(row['position'])), 0)
  const ours = rows.filter((row) => isMatch(String(row['rule_target']), target) && isInForce(row, now))
  const unless = [{ table: 'items', where: { ...live, position: { gt: seen } } }]
  const found = { denied: [] as Against[], asks: [] as Against[], warned: [] as Against[] }
  if (ours.length === 0) return { ...found, unless }
  // Loaded when the first rule binds: it is a parser and an evaluator.
  const engine = await import('./rules/index.ts')
  const reading = new engine.Reading(value)
  for (const { item, rule } of await rulesOf(log, ours, engine)) {
    const where = rule ? broken(engine.evaluate(rule, reading)) : ['the rule cannot be read']
    if (where === undefined) continue
    const effect = item.rule?.effect ?? 'deny'
    const list = effect === 'warn' ? found.warned : effect === 'deny' ? found.denied : found.asks
    list.push({ item, where })
  }
  return { ...found, unless }
}

function broken(verdict: Verdict): readonly string[] | undefined {
  if (verdict.outcome === 'violated') return verdict.parts.map(({ text }) => text)
  return verdict.outcome === 'failed' ? [verdict.message] : undefined
}

function isInForce(row: Row, now: number): boolean {
  const [from, to] = [row['valid_from'], row['valid_to']]
  return (typeof from !== 'number' || from <= now) && (typeof to !== 'number' || now < to)
}

async function rulesOf(log: Log, rows: readonly Row[], engine: Rules) {
  const keyOf = (row: Row) => `${String(row['item'])}@${String(row['version'])}@${String(row['position'])}`
  const missing = rows.filter((row) => !compiled.has(keyOf(row)))
  if (missing.length > 0) {
    if (compiled.size > REMEMBERED) compiled.clear()
    const items = await itemsOf(log, missing)
    items.forEach((item, i) => compiled.set(keyOf(missing[i] ?? {}), { item, rule: ruleOf(item, engine) }))
  }
  return rows.flatMap((row) => compiled.get(keyOf(row)) ?? [])
}

function ruleOf({ rule }: Item, { compileRule }: Rules): CompiledRule | undefined {
  try {
    return rule && compileRule(rule)
  } catch {
    return undefined // B2: it was checked when it was recorded, by another version of this code
  }
}
