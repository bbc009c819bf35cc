import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { open } from '../../app/index.ts'
import { task } from '../../task/index.ts'
import { modelServer, type ModelServer } from '../../testing/model-server/index.ts'
import {
  current,
  embed,
  generateId,
  generateText,
  isStepCount,
  Output,
  step,
  streamText,
  tool,
  ToolLoopAgent,
  wrapLanguageModel,
} from './index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer()
})
beforeEach(() => server.clear())
afterAll(() => server.close())

const provider = () =>
  createOpenAICompatible({
    ...{ name: 'acme', baseURL: server.openai, apiKey: 'k' },
    ...{ includeUsage: true, supportsStructuredOutputs: true },
  })
const model = () => provider()('small')

const called: string[] = []
const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    called.push(city)
    return { city, celsius: 21 }
  },
})

/** One call of a tool, then an answer. */
function script({ messages }: { readonly messages: readonly { readonly role: string }[] }) {
  return messages.some(({ role }) => role === 'tool')
    ? 'It is warm.'
    : { toolCalls: [{ name: 'weather', args: { city: 'Paris' } }] }
}

async function kindsOf(
  body: () => Promise<unknown>,
  models = {},
): Promise<{ output: unknown; kinds: string[] }> {
  const ambient = task({ name: 'ambient', run: body })
  await using tl = await open({ store: 'memory:', tasks: [ambient], models })
  const run = await tl.start(ambient, undefined)
  const output = await run.result()
  const kinds = (await Array.fromAsync(run.history())).map(({ kind }) => kind)
  return {
    output,
    kinds: kinds.filter((kind) => /^(?:model\.answered|tool\.returned|step\.completed)$/.test(kind)),
  }
}

test('outside of a run the functions are the SDK’s own', async () => {
  expect(current()).toBeUndefined()
  server.script(() => 'Hello.')
  const { text } = await generateText({ model: model(), prompt: 'Hi' })
  expect(text).toBe('Hello.')
  expect(await step('save', ({ attempt }) => attempt)).toBe(1)
  expect(generateId()).not.toBe(generateId())
})

test('within a run models and tools are on the record, without a word of the author', async () => {
  server.script(script)
  const { output, kinds } = await kindsOf(async () => {
    const { text } = await generateText({
      ...{ model: model(), tools: { weather }, prompt: 'How warm?', stopWhen: isStepCount(3) },
    })
    return text
  })
  expect(output).toBe('It is warm.')
  expect(kinds).toEqual(['model.answered', 'tool.returned', 'model.answered'])
})

test('an agent that was defined beforehand serves a run, and what its preparations choose is the run’s too', async () => {
  server.script(script)
  const prepared: string[] = []
  const agent = new ToolLoopAgent({
    ...{ model: model(), tools: { weather }, instructions: 'Be brief.' },
    prepareStep: ({ stepNumber }) => {
      prepared.push(`step ${stepNumber}`)
      return { model: provider()('large') }
    },
  })
  const { output, kinds } = await kindsOf(async () => (await agent.generate({ prompt: 'How warm?' })).text)
  expect(output).toBe('It is warm.')
  expect(kinds).toEqual(['model.answered', 'tool.returned', 'model.answered'])
  expect(prepared).toEqual(['step 0', 'step 1'])
  expect(server.requests.map((request) => request.model)).toEqual(['large', 'large'])
  const { kinds: streamed } = await kindsOf(async () => {
    const { text } = await agent.stream({ prompt: 'How warm?' })
    return text
  })
  expect(streamed).toEqual(kinds)
})

test('a name is looked up among the application’s models', async () => {
  server.script(() => 'Named.')
  const { output, kinds } = await kindsOf(
    async () => (await generateText({ model: 'house/small', prompt: 'Hi' })).text,
    { 'house/small': model() },
  )
  expect(output).toBe('Named.')
  expect(kinds).toEqual(['model.answered'])
})

test('structured output, middleware and embeddings go on working', async () => {
  const seen: string[] = []
  const wrapped = wrapLanguageModel({
    model: model(),
    middleware: {
      wrapGenerate: ({ doGenerate }) => {
        seen.push(current() === undefined ? 'an effect' : 'a body')
        return doGenerate()
      },
    },
  })
  const { output, kinds } = await kindsOf(async () => {
    const { output: city } = await generateText({
      ...{
        model: wrapped,
        prompt: 'Which city?',
        output: Output.object({ schema: z.object({ city: z.string() }) }),
      },
    })
    const { embedding } = await embed({ model: provider().embeddingModel('vectors'), value: 'a city' })
    return { city: typeof city.city, isVector: embedding.length > 0 }
  })
  expect(output).toEqual({ city: 'string', isVector: true })
  expect(kinds[0]).toBe('model.answered')
  expect(kinds).toHaveLength(2)
  expect(seen).toEqual(['an effect'])
})

test('what is on the record already is not recorded twice', async () => {
  server.script(script)
  const { output, kinds } = await kindsOf(async () => {
    const ctx = current()
    if (!ctx) throw new Error('There is a run.')
    const own = wrapLanguageModel({ model: ctx.model(model()), middleware: {} })
    const tools = ctx.tools({ weather })
    const result = streamText({ model: own, tools, prompt: 'How warm?', stopWhen: isStepCount(3) })
    return result.text
  })
  expect(output).toBe('It is warm.')
  expect(kinds).toEqual(['model.answered', 'tool.returned', 'model.answered'])
})

test('a branch has its own context, and a step’s function none', async () => {
  server.script(({ prompt }) => `${prompt}!`)
  const { output, kinds } = await kindsOf(async () => {
    const ctx = current()
    if (!ctx) throw new Error('There is a run.')
    return ctx.map('each', ['a', 'b'], async (_branch, prompt) => {
      const { text } = await generateText({ model: model(), prompt })
      const plain = await step('plain', async () => {
        const answer = await generateText({ model: model(), prompt: `${prompt} in a step` })
        return [current() === undefined, answer.text]
      })
      return [text, ...plain]
    })
  })
  expect(output).toEqual([
    ['a!', true, 'a in a step!'],
    ['b!', true, 'b in a step!'],
  ])
  expect(kinds.toSorted()).toEqual([
    ...['model.answered', 'model.answered', 'step.completed', 'step.completed'],
  ])
})
