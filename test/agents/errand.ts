/**
 * An agent of twenty model calls, several tools a turn, and what its model says: the same to the same request.
 *
 * Its effects leave marks outside the record: each execution of a tool is a line in a file, with its idempotency key. Which answer the
 * body was given in which turn is a line in another: whatever lives it had, it must always have been the same one.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, streamText, tool } from 'ai'
import { task, type OpenOptions } from 'throughline'
import type { Answer, Asked } from 'throughline/testing'
import { z } from 'zod'

/** Model calls of an errand. */
export const TURNS = 20

export const WIRES = ['openai', 'anthropic'] as const
export type WireName = (typeof WIRES)[number]

export const ErrandInput = z.object({
  folder: z.string(),
  url: z.string(),
  wire: z.enum(WIRES),
  isStreamed: z.boolean(),
})
export type ErrandInput = z.infer<typeof ErrandInput>

/** The table has none for a model that only exists here. */
export const prices: NonNullable<OpenOptions['prices']> = { 'acme/small': { input: 1, output: 4 } }

export function modelBy(wire: WireName, url: string) {
  return wire === 'openai'
    ? createOpenAICompatible({ name: 'acme', baseURL: url, apiKey: 'k', includeUsage: true })('small')
    : createAnthropic({ baseURL: url, apiKey: 'k' })('claude-sonnet-4-5')
}

/** Tools by whether they may run only once, and whether they can be asked about afterwards. */
const TOOLS = {
  search: { once: false, isKnown: false },
  measure: { once: false, isKnown: false },
  charge: { once: true, isKnown: true },
  notify: { once: true, isKnown: false },
} as const
type ToolName = keyof typeof TOOLS
const NAMES = Object.keys(TOOLS) as readonly ToolName[] // its own keys

/** The effect has taken place, and its answer is still on the way: a kill may well fall between the two. */
const ANSWER_MS = 3

export interface Line {
  readonly key: string
  readonly tool: string
  readonly item: string
}

const effectsIn = (folder: string): string => join(folder, 'effects.txt')
const answersIn = (folder: string): string => join(folder, 'answers.txt')

/** What the tools did, oldest first. */
export function effects(folder: string): Line[] {
  return linesOf(effectsIn(folder)).map(([key = '', tool = '', item = '']) => ({ key, tool, item }))
}

/** Which answers the body was given: the turn, and the id of the answer. */
export function answersGiven(folder: string): { readonly turn: string; readonly id: string }[] {
  return linesOf(answersIn(folder)).map(([turn = '', id = '']) => ({ turn, id }))
}

function linesOf(file: string): string[][] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
}

/** What a tool says: long enough to be worth being stored once. */
export function resultOf(tool: string, item: string): object {
  const digest = createHash('sha256').update(`${tool} ${item}`).digest('hex')
  return { tool, item, digest, notes: `${tool} of ${item}: ${digest.repeat(8)}` }
}

export const isOnce = (tool: string): boolean => TOOLS[tool as ToolName]?.once ?? false

function toolsAt(folder: string) {
  const made = (name: ToolName) =>
    tool({
      description: `What there is to ${name}.`,
      inputSchema: z.object({ item: z.string() }),
      execute: async ({ item }, given) => {
        // ctx.tools gives it, beyond what the SDK knows of.
        const { idempotencyKey } = given as unknown as { readonly idempotencyKey: string }
        appendFileSync(effectsIn(folder), `${idempotencyKey} ${name} ${item}\n`)
        await pause(ANSWER_MS)
        return resultOf(name, item)
      },
    })
  return { search: made('search'), measure: made('measure'), charge: made('charge'), notify: made('notify') }
}

function reconcileAt(folder: string, tool: ToolName) {
  return ({ idempotencyKey, args }: { readonly idempotencyKey: string; readonly args: unknown }) =>
    effects(folder).some(({ key }) => key === idempotencyKey)
      ? { done: true as const, value: resultOf(tool, (args as { readonly item: string }).item) } // as its schema says
      : { done: false as const }
}

function errand(name: string, boundary: object) {
  return task({
    name,
    ...boundary,
    input: ErrandInput,
    async run(ctx, { folder, url, wire, isStreamed }) {
      let turn = 0
      const asked = {
        model: ctx.model(modelBy(wire, url)),
        tools: ctx.tools(toolsAt(folder), {
          charge: { once: true, reconcile: reconcileAt(folder, 'charge') },
          notify: { once: true },
        }),
        system: 'You run errands. '.repeat(40),
        prompt: 'Run this errand.',
        stopWhen: isStepCount(TURNS + 5),
        onStepEnd: ({ response }: { readonly response: { readonly id: string } }) =>
          appendFileSync(answersIn(folder), `${turn++} ${response.id}\n`),
      }
      const { text, steps } = isStreamed ? streamText(asked) : await generateText(asked)
      const results = (await steps).flatMap(({ toolResults }) => toolResults.map(({ output }) => output))
      // A stream has them in the order in which they came back.
      return { text: await text, results: results.map((result) => JSON.stringify(result)).toSorted() }
    },
  })
}

const LIMITS = { budget: { tokens: 100_000_000, costUsd: 1000, modelCalls: 1000, toolCalls: 1000 } }

/** The same errand, with a budget and without. */
export const errands = [errand('errand', {}), errand('errand-within', { boundary: LIMITS })]

/** Two to four tools a turn, by the turn alone; in the end a text that depends on everything that was said. */
export function errandScript({ turn, messages }: Asked): Answer {
  const said = createHash('sha256')
  for (const { text, toolCalls, toolResults } of messages) {
    said.update(text).update(toolCalls.map(({ name, args }) => name + args).join())
    said.update(toolResults.map((result) => result.text).join())
  }
  const digest = said.digest('hex').slice(0, 16)
  const pace = { firstMs: 2, betweenMs: 1 }
  if (turn >= TURNS - 1) return { text: `Done after ${turn} turns: ${digest}.`, pace }
  const toolCalls = Array.from({ length: 2 + (turn % 3) }, (_, i) => ({
    name: NAMES[(turn + i) % NAMES.length] ?? 'search',
    args: { item: `${turn}-${i}` },
  }))
  return { text: `Turn ${turn} goes on from what was said: ${digest}.`, toolCalls, pace }
}
