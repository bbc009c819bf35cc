/** The brief of a run that a model drives, where the author keeps nothing: real calls, by a real provider. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, tool } from 'ai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../task/index.ts'
import { modelServer, testbed, type ModelServer } from '../testing/index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer({ repeatsCallIds: true })
})
afterAll(() => server.close())

const model = () =>
  createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k', includeUsage: true })('small')

const turns = [
  { toolCalls: [{ name: 'search', args: { q: 'vendors of storage' } }] },
  { toolCalls: [{ name: 'order', args: { from: 'bolt', units: 30 } }] },
  { toolCalls: [{ name: 'order', args: { from: 'acme', units: 1 } }] },
  { toolCalls: [{ name: 'broken', args: {} }] },
]

const buying = task({
  name: 'buying',
  async run(ctx) {
    const tools = ctx.tools(
      {
        search: tool({
          inputSchema: z.object({ q: z.string() }),
          execute: () => ({ found: ['acme', 'bolt'], page: 'x'.repeat(5000) }),
        }),
        order: tool({
          inputSchema: z.object({ from: z.string(), units: z.number() }),
          execute: ({ from, units }) => `${units} of ${from}`,
        }),
        broken: tool({
          inputSchema: z.object({}),
          execute: (): string => {
            throw Object.assign(new Error('no such shelf'), { code: 'ECONNRESET' })
          },
        }),
      },
      {
        search: { effect: 'read' },
        order: { once: true, approval: { to: 'purchasing' } },
        broken: { effect: 'read' },
      },
    )
    const { text } = await generateText({
      model: ctx.model(model()),
      tools,
      prompt: 'Buy storage.',
      stopWhen: isStepCount(8),
    })
    await ctx.wait('go')
    return text
  },
})

test('what was done, once, refused, edited and failed is in it, and each line says which event it is', async () => {
  server.script(({ messages }) => turns[messages.filter(({ role }) => role === 'tool').length] ?? 'Ordered.')
  const bed = await testbed({ tasks: [buying] })
  const { id } = await bed.start(buying, {})
  const answers = [
    (proposal: object) => ({
      approved: true,
      value: { ...proposal, args: { from: 'bolt', units: 3 } },
      reason: '30 are too many',
    }),
    () => ({ approved: false, reason: 'no SOC 2 report' }),
  ]
  for (const answer of answers) {
    let [question] = (await bed.tl.inbox.list({ run: id, status: 'open' })).questions
    while (!question) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      ;[question] = (await bed.tl.inbox.list({ run: id, status: 'open' })).questions
    }
    const { reason, ...verdict } = answer(question.proposal as object) as {
      reason: string
      approved: boolean
    }
    await bed.tl.inbox.answer(question.id, { ...verdict, digest: question.digest }, { by: 'ada', reason })
  }
  while ((await (await bed.run(id)).status()) !== 'waiting' || server.requests.length < 5)
    await bed.clock.advance('1m') // a tool that failed is tried again
  await bed.settle()
  await bed.crash()
  const { sections } = await bed.tl.brief(id)
  const linesOf = (of: string) =>
    sections.find(({ name }) => name === of)?.lines.map(({ text }) => text) ?? []
  expect(linesOf('done')).toEqual([
    expect.stringMatching(/^search \{"q":"vendors of storage"\}: \{"found":\["acme","bolt"\],"page":"x+…$/),
  ])
  expect(linesOf('effects')).toEqual(['order {"from":"bolt","units":3}: 3 of bolt'])
  expect(linesOf('said')).toEqual([
    expect.stringMatching(/ada said: approved \(30 are too many\); changed args\.units from 30 to 3$/),
    expect.stringMatching(/ada said: rejected \(no SOC 2 report\)$/),
  ])
  expect(linesOf('failed').at(-1)).toMatch(/^broken \{\} failed: .*no such shelf/)
  expect(linesOf('met')[0]).toMatch(/^small answered 5 times: \d+ tokens in, \d+ out/)
  expect(linesOf('met').at(-1)).toMatch(
    /^broken call_0\w* failed and was tried again: tool_failure: no such shelf \(\d times\)$/,
  )
  const history = await Array.fromAsync(bed.tl.history(id))
  const refs = sections.flatMap(({ lines }) => lines.flatMap(({ event }) => event ?? []))
  const kinds = refs.map(({ seq }) => history[seq - 1]?.kind)
  expect(kinds).toEqual(expect.arrayContaining(['tool.returned', 'tool.failed', 'wait.answered']))
  expect(kinds).not.toContain(undefined)
  await bed.close()
})
