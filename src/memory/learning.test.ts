import { expect, test } from 'vitest'
import { open } from '../app/index.ts'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const fact = { kind: 'fact', subject: 'vendor:acme', statement: 'Acme delivers on Mondays' } as const

test('what recall gave carries a tag, and what carries it is not learned anew', async () => {
  await using tl = await open({ store: 'memory:' })
  const { id } = await tl.memory.remember(fact)
  const [found] = await tl.memory.recall({ query: 'acme mondays' })
  expect(found?.text).toBe(`[${id}@1] fact, vendor:acme: Acme delivers on Mondays`)
  const again = await tl.memory.remember({ ...fact, subject: 'deliveries', statement: found?.text ?? '' })
  expect(again).toEqual({ id, version: 1, conflicts: [], isKnown: true })
  expect((await tl.memory.list()).items).toHaveLength(1)
})

test('what says more than its tag is kept without it, and says where it is from', async () => {
  await using tl = await open({ store: 'memory:' })
  const { id } = await tl.memory.remember(fact)
  const statement = `[${id}@1] Acme delivers on Mondays, so order by Friday [item_unknown@3]`
  const more = await tl.memory.remember({ ...fact, statement })
  expect(more.isKnown).toBeUndefined()
  expect(await tl.memory.get(more.id)).toMatchObject({
    statement: 'Acme delivers on Mondays, so order by Friday',
    links: [{ type: 'derived_from', to: id }],
  })
})

test('a run that was told something does not keep it as its own; another that finds it out does', async () => {
  const learns = task({
    name: 'learns',
    async run(ctx, { asks, statement }: { asks: boolean; statement: string }) {
      if (asks) await ctx.recall({ query: 'acme mondays' })
      const kept = await ctx.remember({ ...fact, statement })
      return kept.isKnown ?? false
    },
  })
  const bed = await testbed({ tasks: [learns] })
  await bed.tl.memory.remember(fact)
  const told = async (asks: boolean, statement: string) =>
    (await bed.start(learns, { asks, statement })).result()
  expect(await told(true, 'acme delivers on Mondays.')).toBe(true)
  expect(await told(true, 'Acme delivers on Tuesdays')).toBe(false)
  expect(await told(false, 'Acme delivers on Mondays')).toBe(false)
  expect((await bed.tl.memory.list()).items).toHaveLength(3)
  await bed.close()
})

test('each item says which runs saw, cited, went against and overrode it', async () => {
  const works = task({
    name: 'works',
    async run(ctx, because: string) {
      const [found] = await ctx.recall({ query: 'budget' })
      if (!found) return 'nothing'
      const { id } = found.item
      await ctx.remember({
        kind: 'fact',
        subject: 'order',
        statement: 'The order is large',
        links: [{ type: 'depends_on', to: id }],
      })
      const refused = await ctx
        .checkpoint('order', { total: 2000 })
        .catch((error: { code?: string }) => error.code)
      await ctx.checkpoint('order', { total: 2000 }, { because: { [id]: because } })
      return refused
    },
  })
  const bed = await testbed({ tasks: [works] })
  const { id } = await bed.tl.memory.remember({
    kind: 'constraint',
    subject: 'budget',
    statement: 'No order above the budget of 1000',
    rule: { target: 'order', forbid: 'value.total > 1000', effect: 'require_justification' },
  })
  const run = await bed.start(works, 'the board agreed')
  expect(await run.result()).toBe('decision_conflict')
  const uses = await bed.tl.memory.uses(id)
  expect(uses.map(({ by: of, use, version }) => [of, use, version])).toEqual([
    [run.id, 'overrode', 1],
    [run.id, 'violated', 1],
    [run.id, 'cited', 0],
    [run.id, 'saw', 1],
  ])
  await bed.tl.rebuild()
  expect(await bed.tl.memory.uses(id)).toEqual(uses)
  await bed.close()
})

test('an output that goes against a decision is a violation, too', async () => {
  const orders = task({ name: 'orders', run: async () => ({ total: 2000 }) })
  const bed = await testbed({ tasks: [orders] })
  const rule = { target: 'orders', forbid: 'value.total > 1000' }
  const { id } = await bed.tl.memory.decide({ subject: 'budget', choice: 1000, because: 'last year', rule })
  const run = await bed.start(orders, {})
  await expect(run.result()).rejects.toMatchObject({ code: 'run_failed' })
  expect(await bed.tl.memory.uses(id)).toMatchObject([{ by: run.id, use: 'violated', version: 1 }])
  await bed.close()
})
