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
  return places.run({ owner: generation, isInStep: false, before: [] }, async () => fn(contextFor(branch)))
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
  let hasFailed = false
  const lane = async () => {
    for (;;) {
      const i = next++
      const key = keys[i]
      if (hasFailed || key === undefined) return
      try {
        // Sound: i is within the list, as its key is.
        results[i] = await inBranch(
          generation,
          parent.child(`${prefix}${SEPARATOR}${key}`, false),
          contextFor,
          (ctx) => fn(ctx, list[i] as Item, i),
        )
      } catch (error) {
        hasFailed = true
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
): Promise<T> {
  const prefix = numbered(parent, 'all')
  const entries = Object.entries(branches) as [string, (ctx: Context) => unknown][] // Branches<T> says so
  const values = await Promise.all(
    entries.map(([name, fn]) =>
      inBranch(generation, branchNamed(parent, prefix, name, false), contextFor, fn),
    ),
  )
  return Object.fromEntries(entries.map(([name], i) => [name, values[i]])) as T
}

function branchNamed(parent: Branch, prefix: string, name: string, isRaced: boolean): Branch {
  checkName(name, 'branch')
  return parent.child(`${prefix}${SEPARATOR}${name}`, isRaced)
}

/**
 * The first branch to end wins; who that was is recorded before anybody acts on it.
 *
 * Losers are released the moment the race is decided, before the record of it is written, live and replayed alike: nothing is
 * handed to them any more, so that they cannot take a message that others will wait for.
 */
export function performRace(
  generation: Generation,
  operation: Operation,
  contextFor: ContextFor,
  branches: Readonly<Record<string, (ctx: Context) => unknown>>,
): void {
  const prefix = numbered(operation.branch, 'race')
  const recorded = operation.recorded?.outcome
  const winner = recorded && read(raceSettled, recorded).winner
  const own = new Map(
    Object.keys(branches).map((name) => [name, branchNamed(operation.branch, prefix, name, true)]),
  )
  if (!recorded && !generation.mayBegin(operation))
    for (const branch of own.values()) branch.isReplayOnly = true
  let isDecided = false
  const decide = (name: string, event: () => NewEvent) => {
    if (isDecided || operation.branch.isReleased || generation.isClosed) return
    if (winner !== undefined) {
      // Decided in an earlier life: its record is handed out in its turn, whoever is first now.
      if (name === winner) release(name)
      return
    }
    isDecided = true
    release(name)
    if (operation.branch.isReplayOnly) return
    generation.effect(() => generation.settle(operation, [event()]))
  }
  const release = (except: string) => {
    for (const [name, branch] of own) if (name !== except) branch.release()
    generation.dropReleased()
  }
  for (const [name, branch] of own) {
    if (winner !== undefined && name !== winner) branch.isReplayOnly = true
    const fn = branches[name]
    if (!fn) continue
    const ref = () => generation.ref(operation)
    void inBranch(generation, branch, contextFor, fn).then(
      (value) => decide(name, () => settledEvent({ winner: name, v: value }, ref())),
      (error: unknown) =>
        decide(name, () => eventOf(raceSettled, { winner: name, e: storable(error) }, ref())),
    )
  }
}

function settledEvent(
  body: { readonly winner: string; readonly v: unknown },
  ref: Parameters<typeof eventOf>[2],
): NewEvent {
  try {
    return eventOf(raceSettled, body, ref)
  } catch (error) {
    return eventOf(raceSettled, { winner: body.winner, e: error }, ref)
  }
}

/** @throws {BadOperation} */
export function checkRace(branches: Readonly<Record<string, unknown>>): void {
  if (Object.keys(branches).length === 0)
    throw new BadOperation('ctx.race was given no branches: it would never end. Give it one or more.', {})
}
