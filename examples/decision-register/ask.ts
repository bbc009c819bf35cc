/** What a register of decisions is asked: what is live, what replaced what and why, what was believed on a day. */
import type { Found, Item, MemoryItem, Throughline } from 'throughline'
import { numberOf, SCOPE } from './decision.ts'
import { everyDecision, REPLACEMENTS } from './import.ts'

/** Decisions that hold or are open, best answer first. */
export function liveAbout(tl: Throughline, query: string, limit = 6): Promise<readonly Found[]> {
  return tl.memory.recall({ query, scope: SCOPE, status: ['active', 'proposed'], limit })
}

/** A decision, and what took its place, and what took the place of that. */
export interface Succession {
  readonly item: MemoryItem
  readonly by: readonly Succession[]
}

/** By number or by words: then the best answer that something took the place of. Undefined if there is none. */
export async function successionOf(tl: Throughline, asked: string): Promise<Succession | undefined> {
  const all = await everyDecision(tl)
  const successors = successorsIn(all)
  const from = (item: MemoryItem): Succession => ({ item, by: (successors.get(item.id) ?? []).map(from) })
  const number = /^(?:pep[ -]?)?0*(\d+)$/i.exec(asked.trim())?.[1]
  if (number !== undefined) {
    const item = all.find((one) => numberOf(one) === Number(number))
    return item && from(item)
  }
  const byId = new Map(all.map((item) => [item.id, item]))
  const found = await tl.memory.recall({
    query: asked,
    scope: SCOPE,
    status: ['active', 'proposed', 'superseded', 'withdrawn'],
    limit: 20,
  })
  const item = found.map((one) => byId.get(one.item.id)).find((one) => one && successors.has(one.id))
  return item && from(item)
}

/** What held or was open on a day, best answer first, and what has become of it. */
export interface Then {
  readonly then: Item
  readonly now: MemoryItem
  readonly replacedBy: MemoryItem | undefined
}

export async function believedOn(
  tl: Throughline,
  day: Date,
  query: string,
  limit = 6,
): Promise<readonly Then[]> {
  const found = await tl.memory.recall({
    query,
    scope: SCOPE,
    asOf: day,
    status: ['active', 'proposed'],
    limit,
  })
  const successors = successorsIn(await everyDecision(tl))
  return Promise.all(
    found.map(async ({ item }) => ({
      then: item,
      now: await tl.memory.get(item.id),
      replacedBy: successors.get(item.id)?.[0],
    })),
  )
}

/** By what it took the place of: those that did, by number. */
function successorsIn(all: readonly MemoryItem[]): ReadonlyMap<string, readonly MemoryItem[]> {
  const replacing = all
    .toSorted((a, b) => numberOf(a) - numberOf(b))
    .flatMap((item) =>
      item.links.filter(({ type }) => REPLACEMENTS.includes(type)).map(({ to }) => ({ to, item })),
    )
  const grouped = Map.groupBy(replacing, ({ to }) => to)
  return new Map([...grouped].map(([to, of]) => [to, of.map(({ item }) => item)]))
}
