import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embedMany, generateText, isStepCount, Output, streamText, tool } from 'ai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { open, openStore, type Throughline } from '../app/index.ts'
import { acceptPartial, compact, fallback, halt, repair, retry } from '../recovery/index.ts'
import { task, type Context, type TaskDefinition } from '../task/index.ts'
import { modelServer, type ModelServer } from '../testing/model-server/index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer()
})
beforeEach(() => server.clear())
afterAll(() => server.close())

const acme = () =>
  createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k', includeUsage: true })
const openai = () => acme()('small')
const anthropic = () => createAnthropic({ baseURL: server.anthropic, apiKey: 'k' })('claude-sonnet-4-5')
const wires = { openai, anthropic }
type Declared = Partial<Pick<TaskDefinition<undefined, undefined, unknown>, 'recovery' | 'boundary'>>

const FAST = { initial: 1, max: 5 }

/** Carries a body, and gives its end, and the kinds of its record. */
async function carried(body: (ctx: Context) => Promise<unknown>, declared: Declared = {}) {
  const one = task({ name: 'one', run: body, ...declared })
  const tl = await open({ store: openStore('memory:'), tasks: [one] })
  const run = await tl.start(one, undefined)
  const end = await run.result().then(
    (value) => ({ value }),
    (error: unknown) => ({
      error: error as Error & { readonly code: string; readonly mode?: string; readonly cause?: Error },
    }),
  )
  const kinds = (await Array.fromAsync(tl.history(run.id))).map(({ kind }) => kind)
  const id = run.id
  return {
    end,
    kinds,
    tl,
    id,
    status: await run.status(),
    count: (kind: string) => kinds.filter((one) => one === kind).length,
  }
}
const asking =
  (wire: keyof typeof wires, isStreamed: boolean, options: object = {}) =>
  async (ctx: Context) => {
    const asked = { model: ctx.model(wires[wire]()), prompt: 'Say something.', ...options }
    return isStreamed ? await streamText(asked).text : (await generateText(asked)).text
  }

const both = (['openai', 'anthropic'] as const).flatMap((wire) => [
  [wire, false] as const,
  [wire, true] as const,
])

test.each(both)(
  '%s, streamed %s: what may pass is tried again, unseen by the SDK',
  async (wire, isStreamed) => {
    server.fault({ fault: 'unavailable' })
    server.fault({ fault: 'rate_limit' })
    const { end, count, tl } = await carried(asking(wire, isStreamed), {
      recovery: {
        providerOutage: retry({ attempts: 3, ...FAST }),
        saturation: retry({ attempts: 3, ...FAST }),
      },
    })
    expect(end).toEqual({ value: 'You said: Say something.' })
    expect([count('model.attempted'), count('model.answered')]).toEqual([2, 1])
    await tl.close()
  },
)

test.each(both)(
  '%s, streamed %s: another model answers when the first does not',
  async (wire, isStreamed) => {
    server.fault({ fault: 'unauthorized' })
    const { end, count, tl } = await carried(asking(wire, isStreamed), {
      recovery: { configuration: fallback(acme()('large')) },
    })
    expect(end).toEqual({ value: 'You said: Say something.' })
    expect([count('model.failed'), count('recovery.rung')]).toEqual([1, 1])
    await tl.close()
  },
)

test.each(both)(
  '%s, streamed %s: a conversation that is too long is made shorter, once',
  async (wire, isStreamed) => {
    server.fault({ fault: 'context_length' })
    const messages = Array.from({ length: 12 }, (_, i) => ({
      role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `${i}: ${'word '.repeat(100)}`,
    })).concat({ role: 'user', content: 'Say something.' })
    const { end, count, tl } = await carried(asking(wire, isStreamed, { prompt: undefined, messages }), {
      recovery: { contextOverflow: compact().then(halt()) },
    })
    expect(end).toEqual({ value: 'You said: Say something.' })
    expect(count('context.compacted')).toBe(1)
    await tl.close()
  },
)

test('an answer that breaks its form is told what was wrong', async () => {
  const said: string[] = []
  server.script(({ messages }) => {
    said.push(String(messages.at(-1)?.text))
    return said.length === 1 ? '{"name": 7}' : '{"name": "Ada"}'
  })
  const { end, count, tl } = await carried(
    async (ctx) => {
      const output = Output.object({ schema: z.object({ name: z.string() }) })
      return (await generateText({ model: ctx.model(openai()), prompt: 'Who?', output })).output
    },
    { recovery: { malformedOutput: repair({ attempts: 2 }).then(halt()) } },
  )
  expect(end).toEqual({ value: { name: 'Ada' } })
  expect(said[1]).toMatch(/name/)
  expect([count('model.failed'), count('model.answered')]).toEqual([1, 1])
  await tl.close()
})

test.each(both)(
  '%s, streamed %s: what no rung mends halts the run, and a person lifts it',
  async (wire, isStreamed) => {
    server.fault({ fault: 'unauthorized' })
    const { status, tl, id } = await carried(asking(wire, isStreamed))
    expect(status).toBe('halted')
    const run = await tl.run(id)
    await run.resume()
    expect(await run.result()).toBe('You said: Say something.')
    await tl.close()
  },
)

test('a body may have the errors itself, as the SDK’s own', async () => {
  server.fault({ fault: 'unauthorized' })
  const { end, tl } = await carried(async (ctx) => {
    const { APICallError } = await import('ai')
    const model = ctx.model(openai(), { failures: 'throw' })
    try {
      return await generateText({ model, prompt: 'a' })
    } catch (error) {
      return [
        APICallError.isInstance(error),
        error instanceof APICallError,
        (error as { statusCode?: number }).statusCode,
      ]
    }
  })
  expect(end).toEqual({ value: [true, true, 401] })
  await tl.close()
})

test('a stream that breaks after something was shown tells the body so', async () => {
  server.fault({ fault: 'reset_mid_stream', after: 2 })
  const { end, kinds, tl } = await carried(async (ctx) => {
    const errors: unknown[] = []
    const { textStream } = streamText({
      model: ctx.model(openai()),
      prompt: 'one two three four five',
      onError: ({ error }) => void errors.push(error),
    })
    let text = ''
    for await (const delta of textStream) text += delta
    return [text.length > 0, errors.length]
  })
  expect(end).toEqual({ value: [true, 1] })
  expect(kinds).toContain('model.failed')
  await tl.close()
})

test('a part of an answer is taken where the task says so', async () => {
  server.fault({ fault: 'length', answer: { text: 'All of it but' } } as never)
  const { end, tl } = await carried(asking('openai', false), {
    recovery: { malformedOutput: acceptPartial() },
  })
  expect((end as { value: string }).value.length).toBeGreaterThan(0)
  await tl.close()
})

test('a budget is never passed, whatever runs side by side', async () => {
  const { end, tl, id } = await carried(
    async (ctx) => {
      const results = await ctx.map(
        'ask',
        Array.from({ length: 20 }, (_, i) => i),
        async (branch, i) => {
          try {
            return (
              await generateText({ model: branch.model(openai()), prompt: `${i}`, maxOutputTokens: 10 })
            ).text
          } catch {
            return 'refused'
          }
        },
      )
      return results.length
    },
    { boundary: { budget: { modelCalls: 5 } } },
  )
  expect(end).toMatchObject({ error: { code: 'run_halted' } })
  expect(server.requests.length).toBeLessThanOrEqual(5)
  const history = await Array.fromAsync(tl.history(id))
  expect(history.filter(({ kind }) => kind === 'boundary.breached').length).toBeGreaterThan(0)
  await tl.close()
})

test('a price that nobody knows is refused under a budget of money', async () => {
  const { end, tl } = await carried(asking('openai', false), { boundary: { budget: { costUsd: 1 } } })
  expect(end).toMatchObject({ error: { code: 'run_halted' } })
  expect(server.requests).toHaveLength(0)
  await tl.close()
})

const search = (calls: unknown[]) =>
  tool({
    description: 'Search',
    inputSchema: z.object({ q: z.string() }),
    execute: async (args) => {
      calls.push(args)
      if (calls.length === 1) throw Object.assign(new Error('busy'), { code: 'ECONNRESET' })
      return { found: 1 }
    },
  })

test('a tool that fails for a moment is tried again; the model does not hear of it', async () => {
  const calls: unknown[] = []
  server.script(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? 'Done.'
      : { toolCalls: [{ name: 'search', args: { q: 'x' } }] },
  )
  const { end, count, tl } = await carried(
    async (ctx) => {
      const tools = ctx.tools({ search: search(calls) })
      return (
        await generateText({ model: ctx.model(openai()), tools, prompt: 'find', stopWhen: isStepCount(4) })
      ).text
    },
    { recovery: { toolFailure: retry({ attempts: 2, ...FAST }) } },
  )
  expect(end).toEqual({ value: 'Done.' })
  expect([calls.length, count('tool.attempted'), count('tool.returned')]).toEqual([2, 1, 1])
  await tl.close()
})

test('a tool the boundary forbids is not offered', async () => {
  const { tl } = await carried(
    async (ctx) =>
      (
        await generateText({
          model: ctx.model(openai()),
          tools: ctx.tools({ search: search([]), other: search([]) }),
          prompt: 'x',
        })
      ).text,
    { boundary: { tools: { allow: ['other'] } } },
  )
  expect(server.requests[0]?.asked?.tools?.map(({ name }: { readonly name: string }) => name)).toEqual([
    'other',
  ])
  await tl.close()
})

test('a model that goes round is told once, then the run halts', async () => {
  const calls: unknown[] = [0]
  server.script(() => ({ toolCalls: [{ name: 'search', args: { q: 'x' } }] }))
  const { end, tl } = await carried(async (ctx) => {
    const tools = ctx.tools({ search: search(calls) })
    return (
      await generateText({ model: ctx.model(openai()), tools, prompt: 'find', stopWhen: isStepCount(30) })
    ).text
  })
  expect(end).toMatchObject({ error: { code: 'run_halted' } })
  expect(calls.length).toBeLessThan(8)
  await tl.close()
})

test('a tool that throws is no use of the clock by the body', async () => {
  const warned: string[] = []
  const say = (message: string) => void warned.push(message)
  server.script(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? 'Done.'
      : { toolCalls: [{ name: 'search', args: { q: 'x' } }] },
  )
  const one = task({
    name: 'one',
    recovery: { toolFailure: retry({ attempts: 1, ...FAST }) },
    run: async (ctx) => {
      const tools = ctx.tools({ search: search([]) })
      return (
        await generateText({ model: ctx.model(openai()), tools, prompt: 'x', stopWhen: isStepCount(3) })
      ).text
    },
  })
  const logger = { debug() {}, info() {}, warn: say, error: say }
  const tl = await open({ store: openStore('memory:'), tasks: [one], logger })
  expect(await (await tl.start(one, undefined)).result()).toBe('Done.')
  expect(warned).toEqual([])
  await tl.close()
})

test('a ladder falls back to another tool, which is called once, as it was declared', async () => {
  const keys: unknown[] = []
  server.script(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? 'Done.'
      : { toolCalls: [{ name: 'search', args: { q: 'x' } }] },
  )
  const archive = tool({
    inputSchema: z.object({ q: z.string() }),
    execute: (_, given) => {
      keys.push((given as unknown as { readonly idempotencyKey: string }).idempotencyKey)
      return { found: 0 }
    },
  })
  const down = tool({
    inputSchema: z.object({ q: z.string() }),
    execute: (): object => {
      throw new TypeError('the index is gone')
    },
  })
  const { end, tl, id, count } = await carried(
    async (ctx) => {
      const tools = ctx.tools(
        { search: down, archive },
        { search: { effect: 'read' }, archive: { once: true } },
      )
      return (
        await generateText({ model: ctx.model(openai()), tools, prompt: 'x', stopWhen: isStepCount(4) })
      ).text
    },
    { recovery: { toolFailure: fallback('archive') }, boundary: { budget: { toolCalls: 2 } } },
  )
  expect(end).toEqual({ value: 'Done.' })
  expect([keys.length, count('tool.returned')]).toEqual([1, 1])
  const called = (await Array.fromAsync(tl.history(id))).filter(({ kind }) => kind === 'tool.called')
  expect(called.map(({ body }) => JSON.parse(body ?? '{}').effect)).toEqual([undefined, 'once'])
  await tl.close()
})

test('the same call in branches side by side is no going round', async () => {
  const calls: unknown[] = [0]
  server.script(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? 'Done.'
      : { toolCalls: [{ name: 'search', args: { q: 'x' } }] },
  )
  const { end, count, tl } = await carried((ctx) =>
    ctx.map('side', ['a', 'b', 'c', 'd', 'e'], async (branch, prompt) => {
      const tools = branch.tools({ search: search(calls) })
      return (await generateText({ model: branch.model(openai()), tools, prompt, stopWhen: isStepCount(4) }))
        .text
    }),
  )
  expect(end).toEqual({ value: ['Done.', 'Done.', 'Done.', 'Done.', 'Done.'] })
  expect(count('recovery.met')).toBe(0)
  await tl.close()
})

test('a tool waits for its approval, and runs with what was approved', async () => {
  const calls: unknown[] = [0]
  server.script(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? 'Done.'
      : { toolCalls: [{ name: 'search', args: { q: 'x' } }] },
  )
  const one = task({
    name: 'one',
    async run(ctx) {
      const tools = ctx.tools({ search: search(calls) }, { search: { approval: true } })
      return (
        await generateText({ model: ctx.model(openai()), tools, prompt: 'find', stopWhen: isStepCount(4) })
      ).text
    },
  })
  const tl: Throughline = await open({ store: openStore('memory:'), tasks: [one] })
  const run = await tl.start(one, undefined)
  let question: { readonly id: string; readonly digest?: string | undefined } | undefined
  while (!question) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    question = (await tl.inbox.list({})).questions[0]
  }
  expect(calls).toHaveLength(1)
  await tl.inbox.answer(question.id, { approved: true, digest: question.digest }, { by: 'ada' })
  expect(await run.result()).toBe('Done.')
  expect(calls).toHaveLength(2)
  await tl.close()
})

test('embeddings are on the record, exactly', async () => {
  const { end, tl, count } = await carried(async (ctx) => {
    const { embeddings } = await embedMany({
      model: ctx.embeddingModel(acme().embeddingModel('e')),
      values: ['a', 'b'],
    })
    return embeddings.map((vector) => vector.length)
  })
  expect((end as { value: number[] }).value[0]).toBeGreaterThan(1)
  expect(count('model.answered')).toBe(1)
  await tl.close()
})
