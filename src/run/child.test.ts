import { expect, test } from 'vitest'
import { z } from 'zod'
import { open, openStore } from '../app/index.ts'
import { eventOf } from '../log/index.ts'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { ChildFailed } from './errors.ts'
import { inboxOf, messageSent } from './events.ts'

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

test('a caller of a child that another run started outlives a close, and is told of its end later', async () => {
  const waiter = task({ name: 'waiter', run: (ctx) => ctx.wait('go') })
  const caller = task({ name: 'caller', run: (ctx) => ctx.call(waiter, {}, { key: 'shared' }) })
  const store = openStore('memory:')
  const boot = () => open({ store, tasks: [waiter, caller] })
  const before = await boot()
  const ids = [await before.start(caller, {}), await before.start(caller, {})].map(({ id }) => id)
  const [child] = await until(async () => {
    const { runs } = await before.runs.list({ task: 'waiter', status: 'waiting' })
    const { runs: callers } = await before.runs.list({ task: 'caller', status: 'waiting' })
    return callers.length === 2 ? runs : []
  })
  await before.close()
  await using after = await boot()
  await (await after.run(child?.id ?? '')).signal('go', 'gone')
  for (const id of ids) expect(await (await after.run(id)).result()).toBe('gone')
})

test('a word of an end that was lifted since settles nothing', async () => {
  const waiter = task({ name: 'waiter', run: (ctx) => ctx.wait('go') })
  const parent = task({ name: 'parent', run: (ctx) => ctx.call(waiter, {}) })
  const bed = await testbed({ tasks: [parent, waiter] })
  const run = await bed.start(parent, {})
  await bed.settle()
  const [child] = (await bed.tl.runs.list({ task: 'waiter' })).runs
  const id = child?.id ?? ''
  const word = eventOf(messageSent, { kind: 'child', id: `child:${id}:0`, run: id })
  await bed.tl.log.commit({ appends: [{ stream: inboxOf(run.id), expected: 'any', events: [word] }] })
  await run.resume()
  await bed.settle()
  expect(await run.status()).toBe('waiting')
  await bed.crash()
  await (await bed.run(id)).signal('go', 'gone')
  expect(await (await bed.run(run.id)).result()).toBe('gone')
  await bed.close()
})

/** Asks until there is something. */
async function until<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  for (;;) {
    const found = await ask()
    if (found.length > 0) return found
    await new Promise(setImmediate)
  }
}
