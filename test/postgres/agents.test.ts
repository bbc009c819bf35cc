import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, tool } from 'ai'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { open, task } from 'throughline'
import { modelServer } from 'throughline/testing'
import { freshSchema } from '../servers/schemas.ts'

const server = await modelServer({
  repeatsCallIds: true,
  script: ({ messages }) => {
    const turn = messages.filter(({ role }) => role === 'tool').length
    return turn < 3 ? { toolCalls: [{ name: 'look', args: { turn } }] } : `Looked ${turn} times.`
  },
})
afterAll(() => server.close())

const RUNS = 8
const looked = new Map<string, number>()
const looking = task({
  name: 'looking',
  boundary: { budget: { tokens: 1_000_000, modelCalls: 4 } },
  async run(ctx, input) {
    const tools = ctx.tools(
      {
        look: tool({
          inputSchema: z.object({ turn: z.number() }),
          execute: ({ turn }) => {
            const key = `${ctx.run.id} ${turn}`
            looked.set(key, (looked.get(key) ?? 0) + 1)
            return { turn, page: `page ${turn} `.repeat(300) }
          },
        }),
      },
      { look: { effect: 'read', once: true } },
    )
    const acme = createOpenAICompatible({ name: 'acme', baseURL: server.openai, includeUsage: true })
    const asked = { model: ctx.model(acme('small')), tools, prompt: `Look, ${String(input)}.` }
    return (await generateText({ ...asked, stopWhen: isStepCount(6) })).text
  },
})

test('agents of two workers on one database: each call once, what was spent in the books, the record whole', async () => {
  const address = await freshSchema()
  const workers = [
    await open({ store: address, tasks: [looking] }),
    await open({ store: address, tasks: [looking] }),
  ]
  const [first] = workers
  const runs = await Promise.all(Array.from({ length: RUNS }, (_, n) => first!.start(looking, n)))
  expect(new Set(await Promise.all(runs.map((run) => run.result())))).toEqual(new Set(['Looked 3 times.']))
  expect(server.requests).toHaveLength(4 * RUNS)
  expect([...looked.values()]).toEqual(Array.from({ length: 3 * RUNS }, () => 1))
  const rows = await first!.log.select('budgets', {})
  const spent = server.spent()
  expect(rows.reduce((sum, row) => sum + Number(row['tokens']), 0)).toBe(spent.input + spent.output)
  expect(rows.map((row) => row['model_calls'])).toEqual(Array.from({ length: RUNS }, () => 4))
  expect((await first!.verify()).breaks).toEqual([])
  await Promise.all(workers.map((worker) => worker.close()))
})
