import type { LanguageModelV4Prompt } from '@ai-sdk/provider'
import { expect, test } from 'vitest'
import { task, type Context } from '../../task/index.ts'
import { testbed } from '../../testing/index.ts'
import { Prompts } from './prompts.ts'
import type { ManagedWindow } from './window.ts'

const long = (word: string, times = 200): string =>
  Array.from({ length: times }, (_, i) => `${word} ${i}`).join(' ')

/** A request as the SDK makes it, of so many turns of a tool. */
function request(turns: number): LanguageModelV4Prompt {
  return [
    { role: 'system', content: 'You search.' },
    { role: 'user', content: [{ type: 'text', text: 'Find it.' }] },
    ...Array.from({ length: turns }, (_, i): LanguageModelV4Prompt => [
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'call_0', toolName: 'search', input: { i } }],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'call_0',
            toolName: 'search',
            output: { type: 'text', value: long(`found${i}`) },
          },
        ],
      },
    ]).flat(),
  ]
}

async function carried<T>(body: (ctx: Context) => Promise<T>) {
  const one = task({ name: 'one', run: (ctx) => body(ctx) })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {})
  await bed.settle()
  const kinds = (await Array.fromAsync(bed.tl.history(run.id))).map(({ kind }) => kind)
  const value = (await run.result()) as T
  await bed.close()
  return { value, compactions: kinds.filter((kind) => kind === 'context.compacted').length }
}

// The windows a context opens are the managed ones.
const promptsOf = (ctx: Context) => new Prompts(() => ctx.context.open() as ManagedWindow)

test('a request that is too large is made to fit; the next goes on from what that became', async () => {
  const { value, compactions } = await carried(async (ctx) => {
    const prompts = promptsOf(ctx)
    const first = await prompts.compacted(request(10), 4000)
    const next = await prompts.compacted(request(11), 7000)
    return [first, next] as LanguageModelV4Prompt[]
  })
  const [first, next] = value
  expect(JSON.stringify(first).length).toBeLessThan(JSON.stringify(request(10)).length / 2)
  expect(first?.[0]).toEqual({ role: 'system', content: 'You search.' })
  expect(next?.slice(0, first?.length)).toEqual(first)
  expect(compactions).toBe(1)
})

test('another conversation begins anew', async () => {
  const { value, compactions } = await carried(async (ctx) => {
    const prompts = promptsOf(ctx)
    await prompts.compacted(request(10), 4000)
    const other = [
      ...request(10).slice(0, 1),
      { role: 'user' as const, content: [{ type: 'text' as const, text: 'Something else.' }] },
      ...request(10).slice(2),
    ]
    return prompts.compacted(other, 4000)
  })
  expect(JSON.stringify(value)).toContain('Something else.')
  expect(compactions).toBe(2)
})

test('a request that seems to fit is made smaller all the same: the provider said that it does not', async () => {
  const { value } = await carried((ctx) => promptsOf(ctx).compacted(request(6), 1_000_000))
  expect(JSON.stringify(value).length).toBeLessThan(JSON.stringify(request(6)).length * 0.8)
})

test('what cannot be made to fit is said to be so', async () => {
  const { value } = await carried((ctx) =>
    promptsOf(ctx).compacted([{ role: 'user', content: [{ type: 'text', text: long('x') }] }], 100),
  )
  expect(value).toBeUndefined()
})
