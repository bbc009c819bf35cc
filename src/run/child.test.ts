import { expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { ChildFailed } from './errors.ts'

const double = task({
  name: 'double',
  input: z.object({ n: z.number() }),
  run: (ctx, { n }) => ctx.step('double', () => n * 2),
})

test('a child is a run of its own, and its output is the answer', async () => {
  const parent = task({ name: 'parent', run: (ctx) => ctx.call(double, { n: 21 }) })
  const bed = await testbed({ tasks: [parent, double] })
  const run = await bed.start(parent, {})
  expect(await run.result()).toBe(42)
  const { runs } = await bed.tl.runs.list({ task: 'double' })
  expect(runs.map((one) => [one.status, one.parent])).toEqual([['done', run.id]])
  await bed.close()
})

test('a child takes no place from its parent: one place is enough for both', async () => {
  const parent = task({
    name: 'parent',
    run: (ctx) => ctx.map('each', [1, 2, 3], (b, n) => b.call(double, { n })),
  })
  const bed = await testbed({ tasks: [parent, double], concurrency: 1 })
  expect(await (await bed.start(parent, {})).result()).toEqual([2, 4, 6])
  await bed.close()
})

test('a failed child arrives as ChildFailed with its mode, live and replayed', async () => {
  const bad = task({
    name: 'bad',
    run: () => {
      throw new TypeError('broken')
    },
  })
  const seen: unknown[] = []
  const parent = task({
    name: 'parent',
    async run(ctx) {
      await ctx.call(bad, {}).catch((error: unknown) => seen.push(error instanceof ChildFailed && error.mode))
      await ctx.wait('go')
    },
  })
  const bed = await testbed({ tasks: [parent, bad] })
  const { id } = await bed.start(parent, {})
  await bed.settle()
  await bed.crash()
  await (await bed.run(id)).signal('go')
  await (await bed.run(id)).result()
  expect(seen).toEqual(['unclassified', 'unclassified'])
  await bed.close()
})

test('a wrong input for a child lists its issues, and starts nothing', async () => {
  const parent = task({
    name: 'parent',
    run: (ctx) => ctx.call(double, { n: 'x' } as unknown as { n: number }),
  })
  const bed = await testbed({ tasks: [parent, double] })
  await expect((await bed.start(parent, {})).result()).rejects.toMatchObject({
    mode: 'invalid_input',
    message: expect.stringContaining('n:'),
  })
  expect((await bed.tl.runs.list({ task: 'double' })).runs).toEqual([])
  await bed.close()
})

test('cancelling the parent cancels the children it calls, and leaves those it spawned', async () => {
  const waits = task({ name: 'waits', run: (ctx) => ctx.wait('never') })
  const parent = task({
    name: 'parent',
    async run(ctx) {
      await ctx.spawn(waits, {}, { name: 'left' })
      await ctx.spawn(waits, {}, { name: 'taken', onParentEnd: 'cancel' })
      await ctx.call(waits, {}, { name: 'called' })
    },
  })
  const bed = await testbed({ tasks: [parent, waits] })
  const run = await bed.start(parent, {})
  await bed.settle()
  await run.cancel()
  await expect(run.result()).rejects.toMatchObject({ code: 'run_cancelled' })
  await bed.settle()
  const { runs } = await bed.tl.runs.list({ task: 'waits' })
  expect(runs.map((one) => one.status).sort()).toEqual(['cancelled', 'cancelled', 'waiting'])
  await bed.close()
})

test('a child with a key that is taken is the run that has it', async () => {
  const parent = task({ name: 'parent', run: (ctx) => ctx.call(double, { n: 4 }, { key: 'same' }) })
  const bed = await testbed({ tasks: [parent, double] })
  const [a, b] = [await bed.start(parent, {}), await bed.start(parent, {})]
  expect([await a.result(), await b.result()]).toEqual([8, 8])
  expect((await bed.tl.runs.list({ task: 'double' })).runs).toHaveLength(1)
  await bed.close()
})

test('crashes between parent and child lose neither', async () => {
  const slow = task({
    name: 'slow',
    async run(ctx) {
      await ctx.sleep('a', '1h')
      return 'done'
    },
  })
  const parent = task({ name: 'parent', run: (ctx) => ctx.call(slow, {}) })
  const bed = await testbed({ tasks: [parent, slow] })
  const { id } = await bed.start(parent, {})
  for (let i = 0; i < 3; i++) {
    await bed.clock.advance('25m')
    await bed.crash()
  }
  await bed.clock.advance('1h')
  expect(await (await bed.run(id)).result()).toBe('done')
  await bed.close()
})

test('a wrong input for a spawned child is an outcome too, and starts nothing', async () => {
  const parent = task({
    name: 'parent',
    run: (ctx) =>
      ctx.spawn(double, { n: 'x' } as unknown as { n: number }).then(
        () => 'started',
        () => 'refused',
      ),
  })
  const bed = await testbed({ tasks: [parent, double] })
  expect(await (await bed.start(parent, {})).result()).toBe('refused')
  expect((await bed.tl.runs.list({ task: 'double' })).runs).toEqual([])
  await bed.close()
})
