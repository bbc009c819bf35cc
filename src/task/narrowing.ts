/**
 * What a run may do: its task's own boundary within its caller's.
 *
 * N1. It only ever narrows: of two limits the lower holds, of two lists what is in both.
 * N2. Whoever declares a limit keeps the ledger of it, for itself and all below it. A limit of a child that is no lower than one above
 *     it has no ledger: what the child spends is in the other one, too.
 */
import type { SideEffect } from './boundary.ts'
import type { Counted, DeclaredLimits, Pace } from './bounds.ts'

/** The limits that one run declared, and what is counted against them is counted under its id. */
export interface Ledger {
  readonly run: string
  readonly counts: Readonly<Partial<Record<Counted, number>>>
  readonly callsOf?: Readonly<Partial<Record<string, number>>>
  readonly rate?: Pace
  readonly concurrency?: number
}

/** All that a run may not cross, as it hands it to its children. */
export interface Narrowed {
  /** The outermost first. */
  readonly ledgers: readonly Ledger[]
  /** When its time is up, and how much it had. */
  readonly until?: { readonly at: number; readonly durationMs: number }
  readonly tools?: readonly string[]
  readonly effects?: readonly SideEffect[]
  /** An address has to be at a host of each list. */
  readonly hosts?: readonly (readonly string[])[]
  readonly contextTokens?: number
  readonly confidence?: number
  readonly microsPerMillionTokens?: number
}

/** `since`: when the run began. Undefined where nothing is limited. */
export function narrowed(
  own: DeclaredLimits | undefined,
  above: Narrowed | undefined,
  run: { readonly id: string; readonly since: number },
): Narrowed | undefined {
  if (!own) return above
  const ledgers = above?.ledgers ?? []
  const ledger = ledgerOf(own, ledgers, run.id)
  const untils = [
    above?.until,
    own.durationMs === undefined ? undefined : { at: run.since + own.durationMs, durationMs: own.durationMs },
  ]
  const until = untils.filter((one) => one !== undefined).toSorted((a, b) => a.at - b.at)[0]
  const tools = both(above?.tools, own.tools)
  const effects = both(above?.effects, own.effects)
  const hosts = own.hosts ? [...(above?.hosts ?? []), own.hosts] : above?.hosts
  const contextTokens = least(above?.contextTokens, own.contextTokens)
  const confidence = most(above?.confidence, own.confidence)
  const microsPerMillionTokens = most(above?.microsPerMillionTokens, own.microsPerMillionTokens)
  return {
    ledgers: ledger ? [...ledgers, ledger] : ledgers,
    ...(until ? { until } : {}),
    ...(tools ? { tools } : {}),
    ...(effects ? { effects } : {}),
    ...(hosts ? { hosts } : {}),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(microsPerMillionTokens === undefined ? {} : { microsPerMillionTokens }),
  }
}

function ledgerOf(own: DeclaredLimits, above: readonly Ledger[], run: string): Ledger | undefined {
  const counts = narrower(
    own.counts,
    above.map((ledger) => ledger.counts),
  )
  const callsOf = narrower(
    own.callsOf ?? {},
    above.map((ledger) => ledger.callsOf ?? {}),
  )
  const { rate, concurrency } = own
  const isPaced =
    rate && !above.some((one) => one.rate && one.rate.calls <= rate.calls && one.rate.perMs >= rate.perMs)
  const isBounded =
    concurrency !== undefined && !above.some((one) => (one.concurrency ?? Infinity) <= concurrency)
  const ledger = {
    run,
    counts,
    ...(Object.keys(callsOf).length > 0 ? { callsOf } : {}),
    ...(isPaced ? { rate } : {}),
    ...(isBounded ? { concurrency } : {}),
  }
  return Object.keys(counts).length > 0 || Object.keys(ledger).length > 2 ? ledger : undefined
}

/** The limits that are lower than all of that name above. */
function narrower<Key extends string>(
  own: Readonly<Partial<Record<Key, number>>>,
  above: readonly Readonly<Partial<Record<Key, number>>>[],
): Partial<Record<Key, number>> {
  const keys = Object.keys(own) as Key[] // its own keys
  const kept = keys.filter((key) => above.every((one) => (one[key] ?? Infinity) > (own[key] ?? 0)))
  return Object.fromEntries(kept.map((key) => [key, own[key]])) as Partial<Record<Key, number>> // keys of the same
}

function both<T>(above: readonly T[] | undefined, own: readonly T[] | undefined): readonly T[] | undefined {
  return above && own ? above.filter((one) => own.includes(one)) : (own ?? above)
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
