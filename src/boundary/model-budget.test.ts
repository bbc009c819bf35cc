import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { open, openStore } from '../app/index.ts'
import { task, type Boundary } from '../task/index.ts'
import { modelServer, type ModelServer } from '../testing/model-server/index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer({})
})
beforeEach(() => server.clear())
afterAll(() => server.close())

const model = () =>
  createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k', includeUsage: true })('small')

/** So many questions at once. */
const survey = (boundary: Boundary) =>
  task({
    name: 'survey',
    boundary,
    run: (ctx, { questions }: { questions: number }) =>
      ctx.map(
        'questions',
        Array.from({ length: questions }, (_, i) => i),
        async (branch, i) => {
          const { text } = await generateText({
            model: branch.model(model()),
            prompt: `Question ${i}`,
            maxOutputTokens: 50,
            maxRetries: 0,
          })
          return text
        },
        { concurrency: 20 },
      ),
  })

test('20 parallel model calls on a budget of 7: the seven are answered and kept, the others are refused; with more the run asks for no more than those', async () => {
  server.script(() => ({ text: 'Yes.' }))
  const store = openStore('memory:')
  const first = await open({ store, tasks: [survey({ budget: { modelCalls: 7 } })] })
  const run = await first.start('survey', { questions: 20 })
  await expect(run.result()).rejects.toMatchObject({ code: 'run_halted', mode: 'boundary_breach' })
  expect(server.requests.length).toBe(7)
  const history = await Array.fromAsync(first.history(run.id))
  const count = (kind: string) => history.filter((event) => event.kind === kind).length
  expect([count('model.answered'), count('boundary.breached')]).toEqual([7, 13])
  await first.close()

  const second = await open({ store, tasks: [survey({ budget: { modelCalls: 20 } })] })
  const again = await second.run<string[]>(run.id)
  await again.resume()
  expect((await again.result()).length).toBe(20)
  expect(server.requests.length).toBe(20)
  const report = await second.boundary('survey', { run: run.id })
  expect(report.run?.spend[0]?.used).toContainEqual({ what: 'modelCalls', spent: 20, reserved: 0, limit: 20 })
  await second.close()
})

test('tokens: what is on the record is never below what the server was asked for, and equal once all has answered', async () => {
  server.script(() => ({ text: 'Yes, certainly.' }))
  const tl = await open({
    store: 'memory:',
    tasks: [survey({ budget: { tokens: 100_000, usdPerMillionTokens: 10, costUsd: 5 } })],
  })
  const run = await tl.start('survey', { questions: 5 })
  await run.result()
  const answers = (await Array.fromAsync(tl.history(run.id))).filter(({ kind }) => kind === 'model.answered')
  const used = answers.map(({ body }) => JSON.parse(body ?? '').usage as { input: number; output: number })
  const tokens = used.reduce((sum, { input, output }) => sum + input + output, 0)
  const [row] = await tl.log.select('budgets', { where: { ledger: run.id } })
  expect(row).toMatchObject({
    tokens,
    cost_micros: tokens * 10,
    model_calls: 5,
    held_tokens: 0,
    held_micros: 0,
  })
  await tl.close()
})

test('what a provider does not report stays booked at what was reserved', async () => {
  server.script(() => ({ text: 'Yes.' }))
  const silent = createOpenAICompatible({
    name: 'acme',
    baseURL: server.openai,
    apiKey: 'k',
    includeUsage: false,
  })
  const streaming = task({
    name: 'streaming',
    boundary: { budget: { tokens: 10_000 } },
    run: async (ctx) =>
      streamText({ model: ctx.model(silent('small')), prompt: 'Question', maxOutputTokens: 50 }).text,
  })
  const tl = await open({ store: 'memory:', tasks: [streaming] })
  const run = await tl.start(streaming, undefined)
  expect(await run.result()).toBe('Yes.')
  const asked = (await Array.fromAsync(tl.history(run.id))).find(({ kind }) => kind === 'model.asked')
  const { tokens } = JSON.parse(asked?.body ?? '').reserve
  expect(tokens).toBeGreaterThanOrEqual(50)
  const [row] = await tl.log.select('budgets', { where: { ledger: run.id } })
  expect(row).toMatchObject({ tokens, held_tokens: tokens, model_calls: 1 })
  await tl.close()
})
