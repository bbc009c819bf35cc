/**
 * The world around agents that crash in a simulated process: a model that never says the same twice, and tools that never return the same
 * twice. Whoever is given another's answer, or another answer than before, is found out.
 */
import { isDeepStrictEqual } from 'node:util'
import { tool, type ModelMessage } from 'ai'
import type { Answer, Asked, ModelServer } from 'throughline/testing'
import { z } from 'zod'
import type { Random } from '../random.ts'
import type { WireName } from './errand.ts'

/** One answer, as a body was given it. */
export interface Given {
  readonly life: number
  readonly agent: string
  readonly turn: number
  readonly id: string
  readonly text: string
  /** What the tools it asked for returned, in order. */
  readonly results: readonly unknown[]
}

export interface World {
  readonly wire: WireName
  readonly isStreamed: boolean
  readonly random: Random
  readonly server: ModelServer
  /** Counted from 1: each crash begins another. */
  life: number
  readonly given: Given[]
  /** What was done that may be done once, by its key. */
  readonly paid: { readonly key: string; readonly item: string }[]
  draws: number
  /** By its number, what the answer to a request says, and the items it asks its tools for. */
  readonly said: Map<number, { readonly text: string; readonly items: readonly string[] }>
  /** How often the body of this life has asked. */
  asks: number
}

/** Turns of each agent. */
export const TURNS = 5

/** Each time another value. */
export function drawing(world: World, description: string) {
  return tool({
    description,
    inputSchema: z.object({ item: z.string() }),
    execute: ({ item }) => ({ item, drawn: ++world.draws }),
  })
}

export function paying(world: World) {
  return tool({
    description: 'Pays, once.',
    inputSchema: z.object({ item: z.string() }),
    execute: async ({ item }, given) => {
      // ctx.tools gives it, beyond what the SDK knows of.
      const { idempotencyKey: key } = given as unknown as { readonly idempotencyKey: string }
      world.paid.push({ key, item })
      await new Promise(setImmediate)
      return { item, paid: key }
    },
  })
}

/** Whether it was paid under that key. */
export const lookUp =
  (world: World) =>
  ({ idempotencyKey: key }: { readonly idempotencyKey: string }) => {
    const found = world.paid.find((one) => one.key === key)
    return found ? { done: true as const, value: { item: found.item, paid: key } } : { done: false as const }
  }

/** An answer whose text names the request it answers; where `isAlike`, the same for every request of a turn. */
export function answerTo(asked: Asked, world: World, isAlike: boolean): Answer {
  const { turn, n } = asked
  const mark = isAlike ? `turn ${turn}` : `request ${n}`
  const text = `This is the answer to ${mark}, and it ends with ${mark}.`
  const isLast = turn >= TURNS - 1
  const item = isAlike ? `${turn}` : `${turn} of ${n}`
  const items = isLast ? [] : [item, `${item} again`, item]
  world.said.set(n, { text, items })
  const pace = { firstMs: world.random.between(0, 3), betweenMs: asked.isStream ? 1 : 0 }
  const toolCalls = items.map((one, i) => ({ name: i < 2 ? 'draw' : 'pay', args: { item: one } }))
  return { text, pace, ...(isLast ? {} : { toolCalls }) }
}

/** The answers an agent was given, in the life that ended it, in order. */
export function lastOf(world: World): ReadonlyMap<string, readonly Given[]> {
  return Map.groupBy(
    world.given.filter(({ life }) => life === world.life),
    ({ agent }) => agent,
  )
}

/** What the tool results in messages are, whatever the SDK wrapped them in. */
export function resultsIn(messages: readonly ModelMessage[]): unknown[] {
  return messages.flatMap((message) =>
    message.role === 'tool'
      ? message.content.flatMap((part) =>
          part.type === 'tool-result' && 'value' in part.output ? [part.output.value] : [],
        )
      : [],
  )
}

/** Turns that were given another answer, or other results, in another life; and answers that two had. */
export function* changed(world: World): Generator<string> {
  const first = new Map<string, Given>()
  const owners = new Map<string, string>()
  for (const given of world.given) {
    const who = `${given.agent}, turn ${given.turn}`
    const before = first.get(who)
    first.set(who, before ?? given)
    if (before && before.id !== given.id) yield `${who} was given ${before.id}, then ${given.id}`
    else if (before && !isDeepStrictEqual(before.results, given.results))
      yield `${who} had ${JSON.stringify(before.results)}, then ${JSON.stringify(given.results)}`
    const owner = owners.get(given.id) ?? who
    owners.set(given.id, owner)
    if (owner !== who) yield `${given.id} was given to ${owner} and to ${who}`
  }
}

/** Answers to another conversation than the agent's own: what it was told before must be what the request had in it. */
export function* misplaced(world: World): Generator<string> {
  const byId = new Map(world.server.requests.flatMap((row) => (row.id === undefined ? [] : [[row.id, row]])))
  for (const [agent, all] of lastOf(world)) {
    for (const [i, { id, text, results }] of all.entries()) {
      const row = byId.get(id)
      if (!row?.asked) {
        yield `${agent} was given ${id}, which the server never sent`
        continue
      }
      const said = world.said.get(row.n)
      if (text !== said?.text) yield `${agent} was told "${text}", and the model said "${said?.text}"`
      const before = all.slice(0, i)
      const heard = row.asked.messages.filter(({ role }) => role === 'assistant').map((one) => one.text)
      if (
        !isDeepStrictEqual(
          heard,
          before.map((one) => one.text),
        )
      )
        yield `${agent} was given ${id}, an answer to another conversation`
      const told = row.asked.messages.flatMap(({ toolResults }) => toolResults.map((one) => one.text))
      const own = before.flatMap((one) => one.results.map((result) => JSON.stringify(result)))
      if (!isDeepStrictEqual(told.toSorted(), own.toSorted()))
        yield `${agent} was given ${id}, an answer to results of others: ${told.join()} and not ${own.join()}`
      const items = results.map((result) => (result as { readonly item?: string }).item)
      if (!isDeepStrictEqual(items, said?.items)) yield `${agent}, turn ${i}, had results of ${items.join()}`
    }
  }
  const keys = world.paid.map(({ key }) => key)
  for (const key of new Set(keys.filter((one, i) => keys.indexOf(one) !== i))) yield `paid twice: ${key}`
}
