import { expect, test } from 'vitest'
import { z } from 'zod'
import { open } from '../app/index.ts'
import { task, type CheckpointOptions } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const budget = {
  kind: 'constraint',
  subject: 'budget',
  statement: 'No order over 1000',
  because: 'the budget of this quarter',
} as const
const rule = { target: 'order', forbid: 'value.total > 1000' }

/** Passes its input through a checkpoint, and says what became of it. */
const orders = (options: CheckpointOptions<{ total: number }> = {}) =>
  task({
    name: 'orders',
    run: (ctx, order: { total: number }) =>
      ctx.checkpoint('order', order, options).catch((error: { code?: string; data?: unknown }) => ({
        code: error.code,
        data: error.data,
      })),
  })

async function outcome(
  given: { total: number },
  { rules, options = {}, scope }: { rules: readonly object[]; options?: object; scope?: string },
) {
  const bed = await testbed({ tasks: [orders(options)] })
  const ids: string[] = []
  for (const one of rules) ids.push((await bed.tl.memory.remember({ ...budget, ...one } as never)).id)
  const run = await bed.start('orders', given, scope === undefined ? {} : { scope })
  const result = await run.result()
  await bed.close()
  return { result, ids }
}

test('what goes against a live rule does not pass, and is told why', async () => {
  const { result, ids } = await outcome({ total: 1500 }, { rules: [{ rule }] })
  expect(result).toMatchObject({
    code: 'decision_conflict',
    data: { target: 'order', decisions: [{ item: ids[0], because: budget.because, where: ['total'] }] },
  })
  expect((await outcome({ total: 150 }, { rules: [{ rule }] })).result).toEqual({ total: 150 })
})

test.each([
  ['of another checkpoint', { rule: { ...rule, target: 'invoice' } }],
  ['of another scope', { rule, scope: 'elsewhere' }],
  ['that only warns', { rule: { ...rule, effect: 'warn' } }],
  ['about what the value has not', { rule: { target: 'order', forbid: 'value.price > 1' } }],
  ['no longer valid', { rule, validTo: new Date('2020-01-01') }],
  ['only proposed', { rule, status: 'proposed' }],
])('a rule %s stops nothing', async (_, one) => {
  expect((await outcome({ total: 1500 }, { rules: [one], scope: 'here' })).result).toEqual({ total: 1500 })
})

test('a rule of the scope above binds, and one by a pattern', async () => {
  const above = { rule: { target: 'ord*', require: 'value.total <= 1000' }, scope: 'acme' }
  const { result } = await outcome({ total: 1500 }, { rules: [above], scope: 'acme/purchasing' })
  expect(result).toMatchObject({ code: 'decision_conflict' })
})

test('a rule that cannot be looked at stops what it is about', async () => {
  const { result } = await outcome({ total: 'many' as never }, { rules: [{ rule }] })
  expect(result).toMatchObject({ code: 'decision_conflict' })
})

test('one that asks for a reason lets pass with one, and the reason is recorded', async () => {
  const asks = { rule: { ...rule, effect: 'require_justification' } }
  expect((await outcome({ total: 1500 }, { rules: [asks] })).result).toMatchObject({
    code: 'decision_conflict',
  })
  const bed = await testbed({
    tasks: [
      task({
        name: 'reasoned',
        run: (ctx, { id }: { id: string }) =>
          ctx.checkpoint('order', { total: 1500 }, { because: { [id]: 'the old machine broke' } }),
      }),
    ],
  })
  const { id } = await bed.tl.memory.remember({ ...budget, ...asks } as never)
  const run = await bed.start('reasoned', { id })
  expect(await run.result()).toEqual({ total: 1500 })
  const [passed] = (await Array.fromAsync(run.history())).filter(({ kind }) => kind === 'keep.done')
  expect(passed?.body).toContain('the old machine broke')
  await bed.close()
})

test('the schema and the checks of its author come first', async () => {
  const schema = z.object({ total: z.number().int() })
  expect((await outcome({ total: 1.5 }, { rules: [], options: { schema } })).result).toMatchObject({
    code: 'invalid_value',
  })
  const checks = { even: ({ total }: { total: number }) => total % 2 === 0 || 'it is odd' }
  expect((await outcome({ total: 3 }, { rules: [], options: { checks } })).result).toMatchObject({
    code: 'check_failed',
    data: { check: 'even', said: 'it is odd' },
  })
})

test('the output of a task is a checkpoint of its name', async () => {
  const quote = task({ name: 'quote', run: (_, total: number) => ({ total }) })
  const bed = await testbed({ tasks: [quote] })
  await bed.tl.memory.remember({ ...budget, rule: { ...rule, target: 'quote' } })
  expect(await (await bed.start(quote, 5)).result()).toEqual({ total: 5 })
  await expect((await bed.start(quote, 1500)).result()).rejects.toMatchObject({ mode: 'decision_conflict' })
  await bed.close()
})

test('a rule recorded while a child was away binds what comes back', async () => {
  const child = task({ name: 'child', run: (ctx) => ctx.wait('price') })
  const parent = task({
    name: 'parent',
    async run(ctx) {
      const total = (await ctx.call(child, {})) as number
      return ctx.checkpoint('order', { total })
    },
  })
  const bed = await testbed({ tasks: [parent, child] })
  const run = await bed.start(parent, {})
  await bed.settle()
  await bed.tl.memory.remember({ ...budget, rule })
  const { runs } = await bed.tl.runs.list({ task: 'child' })
  await (await bed.run(runs[0]?.id ?? '')).signal('price', 1500)
  await expect(run.result()).rejects.toMatchObject({ code: 'run_failed', mode: 'decision_conflict' })
  await bed.close()
})

test('a rule that makes no sense is refused when it is recorded, and only decisions and constraints have any', async () => {
  await using tl = await open({ store: 'memory:' })
  const broken = { ...budget, rule: { target: 'order', forbid: 'value.total >' } }
  await expect(tl.memory.remember(broken)).rejects.toMatchObject({ code: 'rule_invalid' })
  await expect(tl.memory.remember({ ...budget, kind: 'fact', rule })).rejects.toMatchObject({
    code: 'bad_item',
    data: { field: 'rule' },
  })
  expect(await tl.log.position()).toBe(0)
})
