import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

test('a waiting run is put to rest after it lingered, and costs no memory', async () => {
  const waits = task({ name: 'waits', run: (ctx) => ctx.wait('go') })
  const bed = await testbed({ tasks: [waits] })
  const run = await bed.start(waits, {})
  await bed.settle()
  expect(bed.tl.load.residents).toBe(1)
  await bed.clock.advance('10s')
  expect(bed.tl.load.residents).toBe(0)
  await run.signal('go', 'back')
  expect(await run.result()).toBe('back')
  await bed.close()
})

test('waking an evicted run in the same process is no new take-over', async () => {
  const waits = task({ name: 'waits', run: async (ctx) => [await ctx.wait('a'), await ctx.wait('b')] })
  const bed = await testbed({ tasks: [waits] })
  const run = await bed.start(waits, {})
  await bed.clock.advance('10s')
  await run.signal('a', 1)
  await bed.clock.advance('10s')
  await run.signal('b', 2)
  expect(await run.result()).toEqual([1, 2])
  const claims = (await Array.fromAsync(run.history())).filter((event) => event.kind === 'run.claimed')
  expect(claims).toHaveLength(1)
  await bed.close()
})

test('a plain await while another operation waits revives the run', async () => {
  const mixed = task({
    name: 'mixed',
    async run(ctx) {
      const waiting = ctx.wait('go')
      await new Promise((resolve) => setTimeout(resolve, 5))
      const step = await ctx.step('after', () => 'stepped')
      return [step, await waiting]
    },
  })
  const bed = await testbed({ tasks: [mixed] })
  const run = await bed.start(mixed, {})
  await new Promise((resolve) => setTimeout(resolve, 30))
  await run.signal('go', 1)
  expect(await run.result()).toEqual(['stepped', 1])
  await bed.close()
})

test('an operation performed after eviction never settles, is recorded, and the run is carried again', async () => {
  const warnings: string[] = []
  const say = (message: string) => void warnings.push(message)
  let go = () => {}
  const gate = new Promise<void>((resolve) => (go = resolve)) // in no step
  const late = task({
    name: 'late',
    async run(ctx) {
      const waiting = ctx.wait('go')
      await gate
      const step = await ctx.step('after', () => 'stepped')
      return [step, await waiting]
    },
  })
  const bed = await testbed({ tasks: [late], logger: { debug: say, info: say, warn: say, error: say } })
  const run = await bed.start(late, {})
  await bed.settle()
  await bed.clock.advance('2s') // evicted by the clock, before the plain await ends
  go()
  await bed.settle()
  await run.signal('go', 1)
  expect(await run.result()).toEqual(['stepped', 1])
  const kinds = (await Array.fromAsync(run.history())).map((event) => event.kind)
  expect(kinds).toContain('run.await_outside_step')
  expect(warnings.join()).toContain('after')
  await bed.close()
})

test('a body that awaits nothing of ours is shown as stalled', async () => {
  const stuck = task({ name: 'stuck', run: () => new Promise<never>(() => {}) })
  const say = () => {}
  const bed = await testbed({ tasks: [stuck], logger: { debug: say, info: say, warn: say, error: say } })
  const run = await bed.start(stuck, {})
  await bed.settle()
  await bed.clock.advance('10m')
  expect((await run.info()).note).toBe('stalled')
  await bed.close()
})

test('a body that ends after it was put out of memory is carried again, to its end', async () => {
  const say = () => {}
  const hasty = task({
    name: 'hasty',
    run: (ctx) =>
      Promise.race([ctx.wait('never'), new Promise((resolve) => setTimeout(() => resolve('gave up'), 20))]),
  })
  const bed = await testbed({ tasks: [hasty], logger: { debug: say, info: say, warn: say, error: say } })
  const run = await bed.start(hasty, {})
  await bed.settle()
  await bed.clock.advance('2s')
  expect(await run.result()).toBe('gave up')
  await bed.close()
})
