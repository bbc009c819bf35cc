import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask, halt } from '../recovery/index.ts'
import { task, type Boundary, type CheckpointOptions, type Conservation } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { lossesOf } from './conservation.ts'

const invoice = {
  lines: [
    { id: 'a', amount: 0.1 },
    { id: 'b', amount: 0.2 },
    { id: 'c', amount: 0.3 },
  ],
}
type Invoice = typeof invoice
const without = (...ids: string[]): Invoice => ({
  lines: invoice.lines.filter(({ id }) => !ids.includes(id)),
})

/** What a checkpoint made of a value: the value, or why not. */
async function checked(value: unknown, options: CheckpointOptions<never>, boundary: Boundary = {}) {
  let seen: unknown
  const stage = task({
    name: 'stage',
    boundary,
    async run(ctx) {
      seen = await ctx
        .checkpoint('priced', value as never, options)
        .catch(({ code, message, data }: { code: string; message: string; data: object }) => ({
          code,
          message,
          data,
        }))
    },
  })
  const bed = await testbed({ tasks: [stage] })
  await (await bed.start(stage, invoice)).result().catch(() => undefined) // the output is held to the same
  await bed.close()
  return seen
}

const failing: [string, Invoice | object, Partial<Conservation>, string, string[]][] = [
  [
    'a list element is gone',
    without('b', 'c'),
    { ids: 'lines.id' },
    'lines.id: missing: "b", "c"',
    ['b', 'c'],
  ],
  ['one is gone, by count', without('b'), { count: 'lines' }, 'lines: there were 3, and there are 2', []],
  ['a sum changed', { lines: [{ id: 'a', amount: 0.5 }] }, { sum: 'lines.amount' }, 'it was 0.6', []],
  [
    'one came twice',
    { lines: [...invoice.lines, invoice.lines[0]] },
    { ids: 'lines.id' },
    'not there before: "a"',
    [],
  ],
  [
    'a path leads nowhere',
    invoice,
    { ids: 'lines.key' },
    'there is no "lines[0].key" in the value before',
    [],
  ],
  [
    'a path leads nowhere after',
    { rows: [] },
    { count: 'lines' },
    'there is no "lines" in the value after',
    [],
  ],
  [
    'what is added up is no number',
    { lines: [{ id: 'a', amount: 'many' }] },
    { sum: 'lines.amount' },
    'is no number',
    [],
  ],
  ['an id is none', { lines: [{ id: null }] }, { ids: 'lines.id' }, 'neither text nor a number', []],
  ['nothing is named', invoice, {}, 'nothing is named', []],
]
test.each(failing)('what must survive and does not is a failure: %s', async (_, value, asked, said, lost) => {
  const result = await checked(value, { conserves: { from: invoice, ...asked } })
  expect(result).toMatchObject({
    code: 'partial_loss',
    message: expect.stringContaining(said),
    data: { lost },
  })
})

const passing: [string, Invoice | object, Partial<Conservation>][] = [
  [
    'the same in another order',
    { lines: invoice.lines.toReversed() },
    { ids: 'lines.id', sum: 'lines.amount', count: 'lines' },
  ],
  ['left out on purpose', without('b'), { ids: 'lines.id', except: ['b'] }],
  [
    'more, where there may be',
    { lines: [...invoice.lines, { id: 'd', amount: 1 }] },
    { ids: 'lines.id', sum: 'lines.amount', mayGrow: true },
  ],
  [
    'under other names',
    { rows: ['a', 'b', 'c'] },
    { ids: { from: 'lines.id', to: 'rows' }, count: { from: 'lines', to: 'rows' } },
  ],
  ['rounded', { lines: [{ id: 'a', amount: 0.61 }] }, { sum: 'lines.amount', within: 0.011 }],
]
test.each(passing)('what survives passes: %s', async (_, value, asked) => {
  expect(await checked(value, { conserves: { from: invoice, ...asked } })).toEqual(value)
})

test('several stages may be conserved from at once', async () => {
  const conserves = [
    { from: invoice, ids: 'lines.id' },
    { from: ['a', 'x'], ids: { from: '', to: 'lines.id' }, mayGrow: true },
  ]
  expect(await checked(invoice, { conserves })).toMatchObject({ code: 'partial_loss', data: { lost: ['x'] } })
})

test('whatever is taken out of a list is named, and nothing else', () => {
  const list = fc.uniqueArray(fc.record({ id: fc.string(), amount: fc.integer() }), {
    selector: ({ id }) => id,
  })
  fc.assert(
    fc.property(list, fc.infiniteStream(fc.boolean()), (all, coin) => {
      const kept = all.filter(() => coin.next().value)
      const gone = all.filter((one) => !kept.includes(one)).map(({ id }) => id)
      const { lost, said } = lossesOf({ from: all, ids: 'id', count: true }, kept)
      expect(lost).toEqual(gone)
      expect(said.length > 0).toBe(gone.length > 0)
    }),
  )
})

test('a list that its schema makes shorter has lost something, and says what', async () => {
  const Line = z.object({ id: z.string(), amount: z.number() })
  const lenient = z.object({
    lines: z.array(z.unknown()).transform((lines) => lines.filter((line) => Line.safeParse(line).success)),
  })
  const broken = { lines: [...invoice.lines, { id: 'd', amount: '4' }] }
  const options = { schema: lenient as never }
  expect(await checked(broken, options)).toMatchObject({
    code: 'partial_loss',
    message: expect.stringContaining('lines: the schema dropped 1 of 4: "d"'),
    data: { lost: ['d'] },
  })
  expect(await checked(broken, { ...options, mayDrop: true })).toEqual(invoice)
  expect(await checked(invoice, options)).toEqual(invoice)
})

const throwing = () => {
  throw new Error('out of order')
}
test.each<[string, string, CheckpointOptions<never>, Boundary]>([
  ['its author’s check', 'check_failed', { checks: { c: throwing } }, {}],
  ['an invariant', 'invariant_broken', {}, { invariants: { i: throwing } }],
  [
    'an invariant that promises',
    'invariant_broken',
    {},
    { invariants: { i: () => Promise.reject(new Error('out of order')) } },
  ],
  [
    'an invariant that says nothing',
    'invariant_broken',
    {},
    { invariants: { i: (() => undefined) as never } },
  ],
  [
    'an invariant that says something else',
    'invariant_broken',
    {},
    { invariants: { i: (() => 1) as never } },
  ],
  [
    'a schema',
    'unclassified',
    { schema: { '~standard': { version: 1, vendor: 'x', validate: throwing } } as never },
    {},
  ],
  [
    'what must survive',
    'partial_loss',
    { conserves: { from: new Proxy({ lines: [] }, { getOwnPropertyDescriptor: throwing }), ids: 'lines' } },
    {},
  ],
  [
    'confidence that cannot be read',
    'low_confidence',
    { confidence: 'sure' },
    { confidence: { minimum: 0.5 } },
  ],
  [
    'confidence that is no number',
    'low_confidence',
    { confidence: Number.NaN },
    { confidence: { minimum: 0 } },
  ],
  ['confidence beyond all doubt', 'low_confidence', { confidence: 80 }, { confidence: { minimum: 0.5 } }],
])('checks fail closed: %s', async (_, code, options, boundary) => {
  const result = (await checked(invoice, options, boundary)) as { code?: string; message?: string }
  expect(result.code ?? 'unclassified').toBe(code)
  expect(result).not.toEqual(invoice)
})

test('invariants hold at every checkpoint and of the output, or where they say', async () => {
  const seen: unknown[] = []
  const stage = (invariants: Boundary['invariants'] & {}) =>
    task({
      name: 'stage',
      boundary: { invariants },
      async run(ctx, given: number) {
        await ctx.checkpoint('doubled', given * 2)
        return given * 3
      },
    })
  const positive = (value: number, about: { stage: string; input: unknown }) => {
    seen.push([about.stage, about.input, value])
    return value > 0 || 'it is not above zero'
  }
  const bed = await testbed({ tasks: [stage({ positive })] })
  expect(await (await bed.start('stage', 2)).result()).toBe(6)
  expect(seen).toEqual([
    ['doubled', 2, 4],
    ['stage', 2, 6],
  ])
  await expect((await bed.start('stage', -2)).result()).rejects.toMatchObject({
    mode: 'invariant_broken',
    message: expect.stringContaining('at "doubled": it is not above zero'),
  })
  await bed.crash({ tasks: [stage({ positive: { at: 'stage', holds: positive } })] })
  await expect((await bed.start('stage', -2)).result()).rejects.toMatchObject({
    message: expect.stringContaining('at "stage"'),
  })
  await bed.close()
})

test('nobody sure enough: refused, or what was declared goes on in its place, the record says so, and a replay is told the same', async () => {
  const boundary: Boundary = { confidence: { minimum: 0.8, of: 'sure' } }
  expect(await checked({ sure: 0.9 }, {}, boundary)).toEqual({ sure: 0.9 })
  const minimum: Boundary = { confidence: { minimum: 0.8 } }
  expect(await checked({ confidence: 0.7 }, {}, minimum)).toMatchObject({ code: 'low_confidence' })
  expect(await checked({ confidence: 0.8 }, {}, minimum)).toEqual({ confidence: 0.8 })
  expect(await checked({ total: 5 }, {}, minimum)).toEqual({ total: 5 })
  expect(await checked({ sure: [{}] }, {}, boundary)).toMatchObject({ code: 'low_confidence' })
  expect(await checked([{ sure: 0.9 }, { sure: 0.7 }], {}, boundary)).toMatchObject({
    code: 'low_confidence',
    data: { confidence: 0.7, minimum: 0.8, mode: 'missing_information' },
  })
  const unsure = task({
    name: 'unsure',
    boundary: { confidence: { minimum: 0.8 } },
    async run(ctx) {
      const said = await ctx.checkpoint('guess', 'yes', { confidence: 0.3, abstain: 'unknown' })
      await ctx.wait('go')
      return said
    },
  })
  const bed = await testbed({ tasks: [unsure] })
  const run = await bed.start(unsure, undefined)
  await bed.settle()
  await bed.crash()
  await (await bed.run(run.id)).signal('go')
  expect(await (await bed.run(run.id)).result()).toBe('unknown')
  const kept = (await Array.fromAsync(bed.tl.history(run.id))).filter(({ kind }) => kind === 'keep.done')
  expect(kept.map(({ body }) => JSON.parse(body ?? '').v)).toEqual([
    { value: 'unknown', abstained: { confidence: 0.3, minimum: 0.8 } },
  ])
  await bed.close()
})

test('where nobody is sure enough a person is asked, if that was declared, and what they say is held to everything else', async () => {
  const classify = task({
    name: 'classify',
    boundary: { confidence: { minimum: 0.8 }, onBreach: { confidence: ask('ops').then(halt()) } },
    run: (ctx) =>
      ctx.checkpoint(
        'category',
        { kind: 'travel', confidence: 0.3 },
        { schema: z.object({ kind: z.string() }).loose() as never },
      ),
  })
  const bed = await testbed({ tasks: [classify] })
  const answered = async (answer: unknown) => {
    const run = await bed.start(classify, undefined)
    await bed.settle()
    await bed.crash()
    const [question] = (await bed.tl.inbox.list({ run: run.id })).questions
    expect(question).toMatchObject({ to: 'ops' })
    await bed.tl.inbox.answer(question?.id ?? '', answer as never, { by: 'ada' })
    await bed.settle()
    return bed.run(run.id)
  }
  const run = await answered({ kind: 'lodging' })
  expect(await run.result()).toEqual({ kind: 'lodging' })
  const breached = (await Array.fromAsync(run.history())).filter(({ kind }) => kind === 'boundary.breached')
  expect(breached.map(({ body }) => JSON.parse(body ?? ''))).toMatchObject([
    { what: 'confidence', limit: 0.8, actual: 0.3, operation: 'category', action: 'ask' },
  ])
  expect(await (await answered({ kind: 5 })).status()).toBe('halted')
  await bed.close()
})
