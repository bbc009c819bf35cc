import type { ModelMessage } from 'ai'
import { expect, test } from 'vitest'
import { task, type ContextWindow } from '../../task/index.ts'
import { testbed } from '../../testing/index.ts'
import { Estimate } from './estimate.ts'

async function withWindow<T>(work: (own: ContextWindow) => Promise<T> | T): Promise<T> {
  const one = task({ name: 'one', run: async (ctx) => work(ctx.context) })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {})
  await bed.settle()
  const value = (await run.result()) as T
  await bed.close()
  return value
}

const said = (i: number): ModelMessage => ({
  role: i % 2 ? 'assistant' : 'user',
  content: `${i} ${'some words of text '.repeat(40)}`,
})

test('what was reported is what the window has, exactly, until something comes or goes', async () => {
  const [after, more] = await withWindow(async (own) => {
    own.add(Array.from({ length: 10 }, (_, i) => said(i)))
    own.reported({ inputTokens: 99, messages: [] }) // about nothing that was given out
    const messages = await own.messages()
    own.reported({ inputTokens: 5000, messages: [{ role: 'system', content: 'Be brief.' }, ...messages] })
    const exact = own.tokens
    own.add(said(10))
    return [exact, own.tokens]
  })
  expect(after).toBe(5000)
  expect(more).toBeGreaterThan(5100)
  expect(more).toBeLessThan(5400)
})

test('a report about another conversation changes nothing', async () => {
  const [before, after] = await withWindow(async (own) => {
    own.add([said(0), said(1)])
    await own.messages()
    const tokens = own.tokens
    own.reported({ inputTokens: 70_000, messages: [{ role: 'user', content: 'Something else.' }] })
    own.reported({ inputTokens: Number.NaN, messages: [said(0), said(1)] })
    return [tokens, own.tokens]
  })
  expect(after).toBe(before)
})

test('what a piece costs is learned from what two reports differ in, and each model has its own', () => {
  const estimate = new Estimate()
  expect(estimate.of(1000)).toBe(1003)
  estimate.learn({ own: 1000, all: 1000, theirs: 3000 }, 'a')
  expect(estimate.of(2000)).toBe(4300) // instructions or a coarser table: nobody can tell yet
  expect(estimate.of(500)).toBe(2500)
  estimate.learn({ own: 3000, all: 3000, theirs: 5200 }, 'a')
  expect(estimate.of(4000)).toBe(6300)
  estimate.learn({ own: 4000, all: 4000, theirs: 4100 }, 'b')
  expect(estimate.of(4000)).toBe(4100)
  estimate.learn({ own: 4000, all: 4000, theirs: 6310 }, 'a')
  expect(estimate.of(4000)).toBe(6310)
})
