import { asSchema, generateText, stepCountIs, type ModelMessage } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { task, type Context } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

/** Calls a tool as the SDK does. */
async function use(
  ctx: Context,
  tool: 'decide' | 'remember' | 'recall' | 'plan',
  input: unknown,
): Promise<string> {
  const { execute } = ctx.memoryTools()[tool]
  return (await execute(
    input as never,
    { toolCallId: 'call_0', messages: [] as ModelMessage[], context: undefined } as never,
  )) as string
}

async function carried<T>(body: (ctx: Context) => Promise<T>) {
  const one = task({ name: 'one', run: (ctx) => body(ctx) })
  const bed = await testbed({ tasks: [one] })
  const run = await bed.start(one, {}, { scope: 'purchasing' })
  await bed.settle()
  return { bed, run, value: (await run.result()) as T }
}

const acme = { subject: 'vendor:acme', choice: 'excluded', because: 'No SOC 2 report' }

test('a decision of the model is on the record as one of its run, and binds the next', async () => {
  const { bed, run, value } = await carried(async (ctx) => [
    await use(ctx, 'decide', acme),
    await use(ctx, 'decide', { ...acme, choice: 'included', because: 'It is cheap' }),
    await use(ctx, 'decide', acme),
  ])
  const { items } = await bed.tl.memory.list({ scope: 'purchasing' })
  expect(items.map(({ statement, author, run: of }) => [statement, author, of])).toEqual([
    ['vendor:acme: excluded', run.id, run.id],
  ])
  expect(value[0]).toMatch(/^Decided\. It binds later work/)
  expect(value[1]).toContain('Not recorded: "vendor:acme" is decided already.')
  expect(value[1]).toContain('No SOC 2 report')
  expect(value[1]).toContain(`supersedes: "${items.at(-1)!.id}"`)
  expect(value[2]).toMatch(/^Decided already, and nothing was recorded: \[item_/)
  await bed.close()
})

test('a decision that does not hold any more is superseded by name', async () => {
  const { bed, value } = await carried(async (ctx) => {
    const { id } = await ctx.decide(acme)
    return [
      await use(ctx, 'decide', {
        ...acme,
        choice: 'included',
        because: 'The report arrived',
        supersedes: id,
      }),
      id,
    ]
  })
  expect(value[0]).toMatch(/^Decided/)
  const { items } = await bed.tl.memory.list({ scope: 'purchasing' })
  expect(items.map(({ statement }) => statement)).toEqual(['vendor:acme: included'])
  await bed.close()
})

test.each([
  ['decide', { subject: 'x', choice: 'y' }, /bad_item.*because/],
  ['decide', { ...acme, reviewAt: 'soon' }, /bad_item.*reviewAt/],
  ['decide', { ...acme, subject: 7 }, /Not done/],
  ['decide', 'just do it', /decide takes an object with subject, choice, because/],
  ['decide', { ...acme, supersedes: 'item_none' }, /item_not_found/],
  ['remember', { kind: 'rumour', subject: 'x', statement: 'y' }, /bad_item.*rumour/],
  ['remember', { kind: 'fact', subject: 'x', statement: '' }, /bad_item.*statement/],
  ['recall', { kinds: ['rumour'] }, /bad_item.*rumour/],
  ['plan', { steps: [{ id: 'a' }] }, /bad_plan/],
  ['plan', { done: 'a' }, /"a" is not in the plan/],
  ['plan', {}, /give steps/],
] as const)('%s of %j is refused in words, and the run goes on', async (tool, input, says) => {
  const { bed, value } = await carried((ctx) => use(ctx, tool, input))
  expect(value).toMatch(says)
  expect((await bed.tl.memory.list()).items).toEqual([])
  await bed.close()
})

test('dates are read, what is null is left out, and what was found is told with its id', async () => {
  const { bed, value } = await carried(async (ctx) => [
    await use(ctx, 'remember', {
      kind: 'commitment',
      subject: 'report',
      statement: 'Ask again',
      dueAt: '2027-05-01',
      because: null,
    }),
    await use(ctx, 'recall', { query: 'ask again' }),
    await use(ctx, 'recall', { query: 'zebra' }),
    await use(ctx, 'plan', { steps: [{ id: 'a', title: 'First' }], done: 'a', note: 'easy' }),
  ])
  const [item] = (await bed.tl.memory.list({ scope: 'purchasing' })).items
  expect(item).toMatchObject({ kind: 'commitment', dueAt: new Date('2027-05-01') })
  expect(value).toEqual([
    `Remembered (${item!.id}, version 1).`,
    `- [${item!.id}@1] commitment, report: Ask again`,
    'Nothing in memory answers that.',
    'Planned: 1 step. "a" is done.',
  ])
  await bed.close()
})

test('a model calls them through the SDK, and a replay does nothing twice', async () => {
  const answer = (content: object[], finish: string) => ({
    content,
    finishReason: { unified: finish, raw: finish },
    usage: {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    },
    warnings: [],
  })
  let isFirst = true
  const agent = task({
    name: 'agent',
    async run(ctx) {
      const turns = [
        answer(
          [{ type: 'tool-call', toolCallId: 'call_0', toolName: 'decide', input: JSON.stringify(acme) }],
          'tool-calls',
        ),
        answer([{ type: 'text', text: 'Done.' }], 'stop'),
      ]
      const model = new MockLanguageModelV4({ doGenerate: (async () => turns.shift()) as never })
      const { text, steps } = await generateText({
        model,
        prompt: 'Choose',
        tools: { ...ctx.memoryTools({ only: ['decide', 'recall'] }) },
        stopWhen: stepCountIs(3),
      })
      if (isFirst) await ctx.wait('go')
      return [
        text,
        steps[0]?.toolResults[0]?.output,
        Object.keys(ctx.memoryTools({ only: ['decide', 'recall'] })),
      ]
    },
  })
  const bed = await testbed({ tasks: [agent] })
  const { id } = await bed.start(agent, {}, { scope: 'purchasing' })
  await bed.settle()
  isFirst = false
  await bed.crash()
  await bed.settle()
  const result = await (await bed.run(id)).result()
  expect(result).toEqual(['Done.', expect.stringMatching(/^Decided/), ['decide', 'recall']])
  expect((await bed.tl.memory.list({ scope: 'purchasing' })).items).toHaveLength(1)
  await bed.close()
})

test('their schemas are the SDK’s own', async () => {
  const { bed, value } = await carried(async (ctx) => {
    const tools = Object.values(ctx.memoryTools())
    return Promise.all(
      tools.map(async ({ inputSchema, description }) => [
        await asSchema(inputSchema).jsonSchema,
        typeof description,
      ]),
    )
  })
  for (const [schema, description] of value) {
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(description).toBe('string')
  }
  await bed.close()
})
