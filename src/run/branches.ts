/** Branches: parts of a body that run side by side, each with names and ordinals of its own. */
import { eventOf, type NewEvent } from '../log/index.ts'
import type { Branches, Context, MapOptions } from '../task/index.ts'
import { raceSettled } from './events.ts'
import { BadOperation, DuplicateKey } from './errors.ts'
import type { Generation } from './generation.ts'
import { read } from './history.ts'
import type { Operation } from './operation.ts'
import { checkName, places, SEPARATOR, type Branch } from './place.ts'
import { storable } from './step.ts'

export type ContextFor = (branch: Branch) => Context

const DEFAULT_CONCURRENCY = 16

/** A name for the branches of one use of map, all or race: "›" cannot be part of a user's name. */
function numbered(branch: Branch, name: string): string {
  const ordinal = branch.nextOrdinal(`${name}${SEPARATOR}`)
  return ordinal === 1 ? name : `${name}›${ordinal}`
}

function inBranch<T>(
  generation: Generation,
  branch: Branch,
  contextFor: ContextFor,
  fn: (ctx: Context) => Promise<T> | T,
): Promise<T> {
  const context = contextFor(branch)
  return places.run({ owner: generation, isInStep: false, before: undefined, context }, async () =>
    fn(context),
  )
}

export async function performMap<Item, T>(
  generation: Generation,
  parent: Branch,
  contextFor: ContextFor,
  name: string,
  items: Iterable<Item>,
  fn: (branch: Context, item: Item, index: number) => Promise<T> | T,
  options: MapOptions<Item>,
): Promise<T[]> {
  checkName(name, 'map')
  const list = [...items]
  const keys = list.map((item, i) =>
    String(options.key ? options.key(item, i) : i)
      .toWellFormed()
      .replaceAll('›', '>'),
  )
  const seen = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) throw new DuplicateKey(name, key)
    seen.add(key)
  }
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY
  if (!(concurrency >= 1))
    throw new BadOperation(
      `ctx.map("${name}") was given a concurrency of ${String(concurrency)}; give 1 or more.`,
      { name },
    )
  const prefix = numbered(parent, name)
  const results: T[] = []
  let next = 0
  // Once an item has failed no further one begins, but those that had begun by then: a replay may come to the failure sooner.
  let last = Number.POSITIVE_INFINITY
  const lane = async () => {
    for (;;) {
      const i = next++
      const key = keys[i]
      if (key === undefined || i > last) return
      try {
        // Sound: i is within the list, as its key is.
        results[i] = await inBranch(
          generation,
          parent.child(`${prefix}${SEPARATOR}${key}`, false),
          contextFor,
          (ctx) => fn(ctx, list[i] as Item, i),
        )
      } catch (error) {
        if (last === Number.POSITIVE_INFINITY) {
          const begun = generation.history.branchesUnder(`${parent.prefix}${prefix}${SEPARATOR}`)
          last = keys.findLastIndex((one) => begun.has(one))
        }
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, list.length) }, lane))
  return results
}

export async function performAll<T extends Record<string, unknown>>(
  generation: Generation,
  parent: Branch,
  contextFor: ContextFor,
  branches: Branches<T>,
  name: string,
): Promise<T> {
  checkName(name, 'all')
  const prefix = numbered(parent, name)
  const entries = Object.entries(branches) as [string, (ctx: Context) => unknown][] // Branches<T> says so
  const values = await Promise.all(
    entries.map(([key, fn]) => inBranch(generation, branchNamed(parent, prefix, key, false), contextFor, fn)),
  )
  return Object.fromEntries(entries.map(([key], i) => [key, values[i]])) as T
}

function branchNamed(parent: Branch, prefix: string, name: string, isRaced: boolean): Branch {
  checkName(name, 'branch')
  return parent.child(`${prefix}${SEPARATOR}${name}`, isRaced)
}

/**
 * The first branch to end wins; who that was is recorded before anybody acts on it.
 *
 * Losers are released the moment the race is decided, before the record of it is written: nothing is handed to them any more, so
 * that they cannot take a message that others will wait for. The record says how far outcomes had been handed out by then, and a
 * replay hands a loser just those: what it did is rebuilt, with its compensations, and what came too late comes too late again.
 * A loser that has not come by its compensations again in this life is treated as a replay would: it may still do so.
 */
export function performRace(
  generation: Generation,
  operation: Operation,
  contextFor: ContextFor,
  branches: Readonly<Record<string, (ctx: Context) => unknown>>,
  name: string,
): void {
  const prefix = numbered(operation.branch, name)
  const recorded = operation.recorded?.outcome && read(raceSettled, operation.recorded.outcome)
  const own = new Map(
    Object.keys(branches).map((key) => [key, branchNamed(operation.branch, prefix, key, true)]),
  )
  if (!recorded && !generation.mayBegin(operation))
    for (const branch of own.values()) branch.isReplayOnly = true
  let isDecided = false
  const decide = (winner: string, end: { readonly v: unknown } | { readonly e: unknown }) => {
    generation.goesOn(operation.path)
    // Decided in an earlier life: its record is handed out in its turn, whoever is first now.
    if (isDecided || recorded || operation.branch.isReleased || generation.isClosed) return
    isDecided = true
    for (const [key, branch] of own) if (key !== winner) generation.giveUp(branch)
    generation.dropReleased()
    if (operation.branch.isReplayOnly) return
    const body = { winner, upTo: generation.deliveredSeq, ...end }
    generation.effect(() => generation.settle(operation, [settledEvent(body, generation.ref(operation))]))
  }
  for (const [key, branch] of own) {
    if (recorded && key !== recorded.winner) branch.lose(recorded.upTo)
    const fn = branches[key]
    if (!fn) continue
    void inBranch(generation, branch, contextFor, fn).then(
      (v) => decide(key, { v }),
      (error: unknown) => decide(key, { e: storable(error) }),
    )
  }
}

function settledEvent(
  body: { readonly winner: string; readonly upTo: number; readonly v?: unknown; readonly e?: unknown },
  ref: Parameters<typeof eventOf>[2],
): NewEvent {
  try {
    return eventOf(raceSettled, body, ref)
  } catch (error) {
    return eventOf(raceSettled, { winner: body.winner, upTo: body.upTo, e: error }, ref)
  }
}

/** @throws {BadOperation} */
export function checkRace(branches: Readonly<Record<string, unknown>>): void {
  if (Object.keys(branches).length === 0)
    throw new BadOperation('ctx.race was given no branches: it would never end. Give it one or more.', {})
}
