import type { ModelMessage } from 'ai'
import { expect, test } from 'vitest'
import { task, type Context } from '../../task/index.ts'
import { replay, testbed } from '../../testing/index.ts'
import { dropToolBodies, summarise, window } from './index.ts'

const user = (content: string): ModelMessage => ({ role: 'user', content })
const assistant = (content: string): ModelMessage => ({ role: 'assistant', content })
const called = (id: string): ModelMessage => ({
  role: 'assistant',
  content: [
    { type: 'reasoning', text: 'look it up', providerOptions: { anthropic: { signature: `sig-${id}` } } },
    { type: 'tool-call', toolCallId: id, toolName: 'search', input: { q: id } },
  ],
})
const gave = (id: string, value: string): ModelMessage => ({
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId: id, toolName: 'search', output: { type: 'text', value } }],
})
const long = (word: string, times = 300): string =>
  Array.from({ length: times }, (_, i) => `${word} ${i}`).join(' ')
const textOf = (messages: readonly ModelMessage[]): string => JSON.stringify(messages)

/** Runs a body and gives what it returned, and the bed for a look at the record. */
async function carried<T>(body: (ctx: Context) => Promise<T>, scope = 'purchasing') {
  const one = task({ name: 'one', run: (ctx) => body(ctx) })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {}, { scope })
  await bed.settle()
  return { bed, run, one, value: (await run.result()) as T }
}

test('what fits is given out as it was added, and nothing is recorded of it', async () => {
  const { bed, run, value } = await carried(async (ctx) => {
    ctx.context.add([user('Hello'), assistant('Hi')])
    return { messages: await ctx.context.messages(), tokens: ctx.context.tokens }
  })
  expect(value).toEqual({ messages: [user('Hello'), assistant('Hi')], tokens: 13 })
  const kinds = (await Array.fromAsync(bed.tl.history(run.id))).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind.startsWith('context') || kind.startsWith('keep'))).toEqual([])
  await bed.close()
})

test('bodies of tool results go first; calls, ids and signatures stay', async () => {
  const { bed, value } = await carried(async (ctx) => {
    const own = ctx.context.open({ maxTokens: 4000, compaction: dropToolBodies({ last: 2 }) })
    own.add(user('Find three'))
    for (const id of ['call_0', 'call_1', 'call_2']) own.add([called(id), gave(id, long(id))])
    const messages = await own.messages()
    return { messages, tokens: own.tokens, dropped: own.dropped, first: own.fetch('m3') }
  })
  const { messages, tokens, dropped, first } = value
  expect(tokens).toBeLessThanOrEqual(4000)
  expect(dropped.map(({ id, as }) => [id, as])).toEqual([['m3', 'emptied']])
  expect(messages).toHaveLength(8)
  expect(messages[2]).toEqual(called('call_0'))
  expect(messages[3]).toMatchObject({
    role: 'tool',
    content: [
      {
        toolCallId: 'call_0',
        output: {
          type: 'text',
          value: expect.stringMatching(/^\[left out for size: \d+ tokens of search; message m3\]$/),
        },
      },
    ],
  })
  expect(messages.at(-1)).toEqual(gave('call_2', long('call_2')))
  expect(first).toEqual(gave('call_0', long('call_0')))
  await bed.close()
})

test('pins, open questions, system messages and what memory holds outlive any strategy', async () => {
  const { bed, value } = await carried(async (ctx) => {
    await ctx.decide({ subject: 'vendor:acme', choice: 'excluded', because: 'No SOC 2 report' })
    await ctx.remember({ kind: 'question', subject: 'budget', statement: 'Who pays for it?' })
    await ctx.remember({ kind: 'fact', subject: 'sky', statement: 'It is blue' })
    const own = ctx.context.open({ maxTokens: 1500, compaction: window({ last: 0 }) })
    own.add({ role: 'system', content: 'You buy software.' })
    own.add(user('The licence must be MIT.'), { pin: true, id: 'licence' })
    own.add(assistant('Which cost centre?'), { kind: 'question', id: 'centre' })
    for (let i = 0; i < 8; i++) own.add(user(`${i} ${long('filler', 100)}`))
    const before = await own.messages()
    own.resolve('centre')
    for (let i = 0; i < 8; i++) own.add(user(`${i} ${long('more', 100)}`))
    return { before, after: await own.messages(), dropped: own.dropped.map(({ id }) => id) }
  })
  const { before, after, dropped } = value
  expect(before[0]).toEqual({ role: 'system', content: 'You buy software.' })
  expect(before[1]).toMatchObject({ role: 'user' })
  expect(textOf([before[1]!])).toContain(
    'decision, vendor:acme: vendor:acme: excluded (because No SOC 2 report)',
  )
  expect(textOf([before[1]!])).toContain('Who pays for it?')
  expect(textOf([before[1]!])).not.toContain('It is blue')
  expect(before[2]).toEqual(user('The licence must be MIT.'))
  expect(before[3]).toEqual(assistant('Which cost centre?'))
  expect(after[2]).toEqual(user('The licence must be MIT.'))
  expect(dropped).toContain('centre')
  await bed.close()
})

test('a window that cannot be made small enough is refused after one try, with nothing left out', async () => {
  const asked: string[] = []
  const { bed, run, value } = await carried(async (ctx) => {
    const own = ctx.context.open({
      maxTokens: 400,
      compaction: summarise({ model: (text) => (asked.push(text), 'short'), last: 1 }),
    })
    own.add(user(long('pinned')), { pin: true })
    own.add(user('a'))
    own.add(user('b'))
    const error = await own.messages().catch((e: { code: string; data: object }) => e)
    return {
      error: { ...(error as { code: string; data: object }) },
      shown: own.tokens,
      dropped: own.dropped,
    }
  })
  expect(value.error).toMatchObject({
    code: 'context_overflow',
    data: { mode: 'context_overflow', limit: 400 },
  })
  expect(value.dropped).toEqual([])
  expect(asked.length).toBeLessThanOrEqual(1)
  const kinds = (await Array.fromAsync(bed.tl.history(run.id))).map(({ kind }) => kind)
  expect(kinds.filter((kind) => kind === 'context.refused')).toHaveLength(1)
  await bed.close()
})

test('the failure has the mode context_overflow where nobody catches it', async () => {
  const one = task({
    name: 'one',
    async run(ctx) {
      ctx.context.add(user(long('too much')))
      await ctx.context.messages({ maxTokens: 100 })
    },
  })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {})
  await bed.settle()
  await expect(run.result()).rejects.toMatchObject({ code: 'run_failed', data: { mode: 'context_overflow' } })
  await bed.close()
})

test('a summary takes the place of what it tells, is told on, and is asked for once', async () => {
  const asked: string[] = []
  let isFirst = true
  const one = task({
    name: 'one',
    async run(ctx) {
      const own = ctx.context.open({
        maxTokens: 1200,
        compaction: summarise({ model: (text) => (asked.push(text), `Summary ${asked.length}`), last: 2 }),
      })
      for (let i = 0; i < 6; i++) own.add(user(`${i} ${long('told', 100)}`))
      const first = await own.messages()
      if (isFirst) await ctx.wait('go')
      for (let i = 6; i < 12; i++) own.add(user(`${i} ${long('told', 100)}`))
      return [first, await own.messages()]
    },
  })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {})
  await bed.settle()
  isFirst = false
  await bed.crash()
  await bed.settle()
  const [first, second] = (await (await bed.run(run.id)).result()) as ModelMessage[][]
  expect(textOf(first!.slice(0, 1))).toContain('Summary 1')
  expect(textOf(second!.slice(0, 1))).toContain('Summary 2')
  expect(asked).toHaveLength(2)
  expect(asked[1]).toContain('The summary so far:\nSummary 1')
  await bed.close()
})

test('a compaction is applied from the record: after a crash the window is the same, whatever the code says by then', async () => {
  let last = 4
  let isFirst = true
  const one = task({
    name: 'one',
    async run(ctx) {
      const own = ctx.context.open({ maxTokens: 1500, compaction: window({ last }) })
      for (let i = 0; i < 10; i++) own.add(user(`${i} ${long('word', 100)}`))
      const shown = await own.messages()
      if (isFirst) {
        await ctx.step('shown', () => shown)
        await ctx.wait('go')
      }
      return shown
    },
  })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {})
  await bed.settle()
  const step = (await Array.fromAsync(bed.tl.history(run.id))).find(({ name }) => name === 'shown')
  isFirst = false
  last = 1
  await bed.crash()
  await bed.settle()
  expect(await (await bed.run(run.id)).result()).toEqual((JSON.parse(step?.body ?? '{}') as { v: unknown }).v)
  const compacted = (await Array.fromAsync(bed.tl.history(run.id))).filter(
    ({ kind }) => kind === 'context.compacted',
  )
  expect(compacted).toHaveLength(1)
  expect(JSON.parse(compacted[0]!.body ?? '')).toMatchObject({ strategy: 'window', limit: 1500 })
  expect((await bed.tl.verify()).breaks).toEqual([])
  expect(await replay(bed.tl.history(run.id), one)).toMatchObject({ diverged: undefined })
  await bed.close()
})

test('asked to, a window is made smaller though it fits; a provider may know better', async () => {
  const { bed, value } = await carried(async (ctx) => {
    for (let i = 0; i < 10; i++) ctx.context.add(user(`${i} ${long('word', 100)}`))
    const { before, after, dropped } = await ctx.context.compact(window({ last: 2 }))
    return { before, after, dropped: dropped.length, tokens: ctx.context.tokens }
  })
  expect(value.after).toBeLessThan(value.before * 0.6)
  expect(value.tokens).toBeLessThanOrEqual(value.after)
  expect(value.dropped).toBeGreaterThan(4)
  await bed.close()
})

test('least priority goes first', async () => {
  const { bed, value } = await carried(async (ctx) => {
    const own = ctx.context.open({ maxTokens: 1500, compaction: window({ last: 1 }) })
    own.add(user(`first ${long('word', 100)}`), { priority: 1, id: 'first' })
    for (let i = 0; i < 8; i++) own.add(user(`${i} ${long('word', 100)}`))
    await own.messages()
    return own.dropped.map(({ id }) => id)
  })
  expect(value).not.toContain('first')
  expect(value).toContain('m2')
  await bed.close()
})

test.each([
  [{ role: 'user' }, /content of a user message/],
  [{ role: 'critic', content: 'no' }, /A message has a role/],
  [undefined, /A message has a role/],
  [{ role: 'tool', content: 'done' }, /content of a tool message/],
  [gave('call_9', 'out of nowhere'), /call_9/],
])('what is no message, or answers nothing, is refused, and nothing is added: %j', async (message, says) => {
  const { bed, value } = await carried(async (ctx) => {
    try {
      ctx.context.add([user('fine'), message as ModelMessage])
    } catch (error) {
      return {
        code: (error as { code: string }).code,
        message: (error as Error).message,
        tokens: ctx.context.tokens,
      }
    }
    return undefined
  })
  expect(value).toEqual({ code: 'bad_message', message: expect.stringMatching(says), tokens: 0 })
  await bed.close()
})

test.each([
  [() => window({ last: -1 })],
  [() => dropToolBodies({ last: 1.5 })],
  [() => summarise({ model: undefined as never })],
])('a strategy that cannot be is refused where it is declared', (declare) => {
  expect(declare).toThrow(expect.objectContaining({ code: 'bad_window' }))
})

test('a result goes with the open call of its id, though every turn uses the same', async () => {
  const { bed, value } = await carried(async (ctx) => {
    const own = ctx.context.open({ maxTokens: 1200, compaction: window({ last: 1 }) })
    for (let i = 0; i < 5; i++) own.add([user(`turn ${i}`), called('call_0'), gave('call_0', long('r', 120))])
    return own.messages()
  })
  const calls = value.filter(({ role }) => role === 'assistant').length
  expect(calls).toBe(value.filter(({ role }) => role === 'tool').length)
  expect(calls).toBeGreaterThan(0)
  await bed.close()
})
