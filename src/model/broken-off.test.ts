import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText } from 'ai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { open, openStore } from '../app/index.ts'
import { task, type Context } from '../task/index.ts'
import { mortal } from '../testing/mortal-log.ts'
import { modelServer, type ModelServer } from '../testing/model-server/index.ts'

let server: ModelServer
beforeAll(async () => {
  server = await modelServer()
})
beforeEach(() => server.clear())
afterAll(() => server.close())

const wires = {
  openai: () =>
    createOpenAICompatible({ name: 'acme', baseURL: server.openai, apiKey: 'k', includeUsage: true })(
      'small',
    ),
  anthropic: () => createAnthropic({ baseURL: server.anthropic, apiKey: 'k' })('claude-sonnet-4-5'),
}
const both = Object.keys(wires) as (keyof typeof wires)[] // its own keys

const LONG = { text: 'A text of many words, of which not all arrive before the stream breaks off.' }

/** Asks until an answer is whole, as a body of an author's own would; says what it was told each time. */
async function asksAgain(ctx: Context, wire: keyof typeof wires): Promise<string[]> {
  const told: string[] = []
  while (told.length < 5) {
    const { text, finishReason } = streamText({
      model: ctx.model(wires[wire]()),
      prompt: 'Speak.',
      onError() {},
    })
    told.push(await text)
    if ((await finishReason) !== 'error') break
  }
  return told
}

test.each(both)('%s: what a body was told of a stream that broke off, its replay is told', async (wire) => {
  server.fault({ fault: 'reset_mid_stream', after: 3, answer: LONG })
  server.script([LONG, LONG])
  const speaker = task({
    name: 'speaker',
    async run(ctx) {
      const said = await asksAgain(ctx, wire)
      await ctx.step('after', () => 'done')
      return said
    },
  })
  const store = openStore('memory:')
  const process = mortal(store)
  const first = await open({ store: process.log, tasks: [speaker] })
  const run = await first.start(speaker, undefined)
  const died = new Promise<void>((resolve) => {
    store.onCommit(() => {
      void (async () => {
        const kinds: string[] = []
        for await (const page of store.read(run.id)) kinds.push(...page.map(({ kind }) => kind))
        if (!kinds.includes('model.answered')) return
        process.die()
        resolve()
      })()
    })
  })
  await Promise.race([died, run.result()])
  const tl = await open({ store, tasks: [speaker] })
  expect(await (await tl.run(run.id)).result()).toEqual(['A text of', LONG.text])
  expect(server.requests).toHaveLength(2)
  await tl.close()
})

test.each(both)('%s: what was set aside for an answer that broke off stays spent', async (wire) => {
  server.fault({ fault: 'ends_early', after: 3, answer: LONG })
  server.script([LONG])
  const speaker = task({
    name: 'speaker',
    boundary: { budget: { tokens: 1_000_000 } },
    run: (ctx) => asksAgain(ctx, wire),
  })
  const tl = await open({ store: openStore('memory:'), tasks: [speaker] })
  expect(await (await tl.start(speaker, undefined)).result()).toEqual(['A text of', LONG.text])
  const [ledger] = await tl.log.select('budgets', {})
  const { input, output } = server.spent()
  expect(Number(ledger?.['tokens'])).toBeGreaterThan(input + output)
  expect(Number(ledger?.['held_tokens'])).toBeGreaterThan(0)
  await tl.close()
})
