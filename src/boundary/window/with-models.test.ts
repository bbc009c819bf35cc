/** The window with real providers, against a server that counts what it is sent. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, tool, type ModelMessage } from 'ai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { task, type Context } from '../../task/index.ts'
import { modelServer, testbed, type ModelServer } from '../../testing/index.ts'
import { dropToolBodies, summarise, window } from './index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer({ repeatsCallIds: true })
})
beforeEach(() => server.clear())
afterAll(() => server.close())

const openai = () =>
  createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k', includeUsage: true })('small')
const anthropic = () => createAnthropic({ baseURL: server.anthropic, apiKey: 'k' })('claude-sonnet-4-5')
const wires = { openai, anthropic }
const long = (word: string, times = 200): string =>
  Array.from({ length: times }, (_, i) => `${word} ${i}`).join(' ')

const search = tool({
  description: 'Searches',
  inputSchema: z.object({ q: z.string() }),
  execute: ({ q }) => Promise.resolve(long(q)),
})
/** Searches so many times, then answers. */
const searching =
  (times: number) =>
  (asked: { readonly messages: readonly { readonly role: string; readonly text: string }[] }) => {
    const results = asked.messages.filter(({ role }) => role === 'tool').length
    return results < times
      ? { text: `Turn ${results}.`, toolCalls: [{ name: 'search', args: { q: `q${results}` } }] }
      : 'Found.'
  }

test.each(['openai', 'anthropic'] as const)(
  'after one report by %s the estimate is close, with tools and instructions it never sees',
  async (wire) => {
    server.script(() => 'Yes.')
    const one = task({
      name: 'one',
      async run(ctx) {
        const errors: number[] = []
        for (let i = 0; i < 6; i++) {
          ctx.context.add({ role: 'user', content: `${i} ${long('asked', 150)}` })
          const estimate = ctx.context.tokens
          const { response } = await generateText({
            model: ctx.model(wires[wire]()),
            instructions: 'Answer briefly. '.repeat(40),
            messages: await ctx.context.messages(),
            tools: { search },
          })
          const counted = server.requests.at(-1)?.spent.input ?? 0
          errors.push((estimate - counted) / counted)
          ctx.context.add(response.messages)
        }
        return errors
      },
    })
    const bed = await testbed({ tasks: [one] })
    const run = await bed.start(one, {})
    await bed.settle()
    const [, ...after] = await run.result()
    for (const error of after) {
      expect(error).toBeGreaterThan(-0.02)
      expect(error).toBeLessThan(0.05)
    }
    await bed.close()
  },
)

test('a model that summarises is asked once: its call is on the record', async () => {
  server.script(({ messages }) =>
    messages.at(-1)?.text.includes('told') ? 'They told long stories.' : 'Yes.',
  )
  let isFirst = true
  const one = task({
    name: 'one',
    async run(ctx: Context) {
      const own = ctx.context.open({ maxTokens: 3000, compaction: summarise({ model: openai(), last: 2 }) })
      for (let i = 0; i < 12; i++) own.add({ role: 'user', content: `${i} ${long('told', 100)}` })
      const shown = await own.messages()
      if (isFirst) await ctx.wait('go')
      return shown
    },
  })
  const bed = await testbed({ tasks: [one] })
  const { id } = await bed.start(one, {})
  await bed.settle()
  isFirst = false
  await bed.crash()
  await bed.settle()
  const shown = (await (await bed.run(id)).result()) as ModelMessage[]
  expect(JSON.stringify(shown[0])).toContain('They told long stories.')
  expect(server.requests).toHaveLength(1)
  const names = (await Array.fromAsync(bed.tl.history(id)))
    .filter(({ kind }) => kind === 'model.answered')
    .map(({ name }) => name)
  expect(names).toEqual([expect.stringMatching(/^compact#1 › /)])
  await bed.close()
})

test('a model that will not summarise is a failure with its reason, and nothing is left out', async () => {
  const one = task({
    name: 'one',
    async run(ctx: Context) {
      const own = ctx.context.open({
        maxTokens: 3000,
        compaction: summarise({
          model: () => {
            throw new Error('no idea')
          },
        }),
      })
      for (let i = 0; i < 12; i++) own.add({ role: 'user', content: `${i} ${long('told', 100)}` })
      const error = await own.messages().catch((e: Error) => e)
      return [(error as Error).message, own.dropped.length]
    },
  })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {})
  await bed.settle()
  expect(await run.result()).toEqual([expect.stringContaining('summarise failed (no idea)'), 0])
  await bed.close()
})

test('a loop of the SDK’s own that grows beyond the boundary goes on, its requests within it', async () => {
  server.script(searching(8))
  const agent = task({
    name: 'agent',
    boundary: {
      context: { maxTokens: 4000, compaction: dropToolBodies({ last: 1 }).then(window({ last: 4 })) },
    },
    async run(ctx) {
      const { text } = await generateText({
        model: ctx.model(openai()),
        tools: ctx.tools({ search }, { search: { effect: 'read' } }),
        prompt: 'Find it.',
        stopWhen: isStepCount(20),
      })
      return text
    },
  })
  const bed = await testbed({ tasks: [agent] })
  const run = await bed.start(agent, {})
  await bed.settle()
  expect(await run.result()).toBe('Found.')
  const sizes = server.requests.map(({ spent }) => spent.input)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4000)
  expect(sizes.length).toBe(9)
  await bed.close()
})

test('what is in a window is within its boundary on the wire as well', async () => {
  server.script(() => long('answer', 50))
  const chat = task({
    name: 'chat',
    boundary: { context: { maxTokens: 2000 } },
    async run(ctx) {
      for (let i = 0; i < 12; i++) {
        ctx.context.add({ role: 'user', content: `${i} ${long('asked', 60)}` })
        const { response } = await generateText({
          model: ctx.model(openai()),
          messages: await ctx.context.messages(),
        })
        ctx.context.add(response.messages)
      }
      return ctx.context.dropped.length
    },
  })
  const bed = await testbed({ tasks: [chat] })
  const run = await bed.start(chat, {})
  await bed.settle()
  expect(await run.result()).toBeGreaterThan(5)
  expect(Math.max(...server.requests.map(({ spent }) => spent.input))).toBeLessThanOrEqual(2000)
  await bed.close()
})
