/** What breaks if the store answers late, or not at once, or fails a read? */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { open, openStore } from '../app/index.ts'
import type { Log } from '../log/index.ts'
import { StoreUnavailable } from '../store/sqlite/index.ts'
import { task, type AnyTask } from '../task/index.ts'
import { reroute, SimulatedClock, testbed, type Way } from '../testing/index.ts'

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}
const busy = () => new StoreUnavailable('store_busy', 'the test', undefined)
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A store whose reads go a way of the test's. */
async function over(ask: Way, tasks: readonly AnyTask[], lingerMs = 1000) {
  const clock = new SimulatedClock(() => turns(60))
  const store = openStore('memory:', { clock })
  const log = reroute(store, { ask })
  const tl = await open({ store: log, clock, tasks, lingerMs, logger: silent })
  const close = async () => {
    await tl.close()
    await store.close()
  }
  return { tl, store, clock, close }
}

async function kindsOf(store: Log, run: string): Promise<string[]> {
  return (await Array.fromAsync(store.read(run))).flat().map(({ kind }) => kind)
}

const late: Way = async (read) => {
  await turns(3)
  const answer = await read()
  await turns(3)
  return answer
}

test('a run reads nothing while it only does steps', async () => {
  let reads = 0
  const counting: Way = (read) => {
    reads++
    return read()
  }
  const steps = task({
    name: 'steps',
    run: async (ctx, count: number) => {
      for (let i = 0; i < count; i++) await ctx.step('s', () => i)
    },
  })
  const { tl, close } = await over(counting, [steps])
  const readsOf = async (count: number) => {
    const before = reads
    await (await tl.start(steps, count)).result()
    await turns(20)
    return reads - before
  }
  await readsOf(1) // opening reads as well
  expect(await readsOf(200)).toBe(await readsOf(1))
  await close()
})

test('a message that is being read keeps its run from coming to rest', async () => {
  const greeter = task({
    name: 'greeter',
    run: async (ctx) => [await ctx.wait('first'), await ctx.wait('second')],
  })
  const { tl, store, clock, close } = await over(late, [greeter], 0)
  const run = await tl.start(greeter, {})
  await clock.advance('1s')
  const rests = async () => (await kindsOf(store, run.id)).filter((kind) => kind === 'run.suspended').length
  const before = await rests()
  await run.signal('first', 1)
  await run.signal('second', 2)
  await clock.advance('1s')
  expect(await run.result()).toEqual([1, 2])
  expect(await rests()).toBe(before)
  await close()
})

test('reads that fail are made again, wherever they are made', async () => {
  const child = task({ name: 'child', run: (ctx) => ctx.wait('go') })
  const parent = task({ name: 'parent', run: (ctx) => ctx.call(child, {}) })
  let asked = 0
  let isFailing = true
  const failing: Way = (read) => (isFailing && ++asked % 3 === 0 ? Promise.reject(busy()) : read())
  const { tl, clock, store, close } = await over(failing, [parent, child], 0)
  /** What people ask is answered. */
  const luckily = async <T>(request: () => Promise<T>): Promise<T> => {
    isFailing = false
    const answer = await request()
    isFailing = true
    return answer
  }
  const run = await luckily(() => tl.start(parent, {}))
  await clock.advance('1m')
  const [row] = await store.select('runs', { where: { parent: run.id } })
  const handle = await luckily(() => tl.run(String(row?.['run'])))
  await luckily(() => handle.signal('go', 'gone', { id: 'once' }))
  await clock.advance('1m')
  const [last] = await store.select('runs', { where: { run: run.id } })
  expect(last?.['status']).toBe('done')
  await close()
})

test('one that asks to stop while the end is being checked is too late, and the end is told', async () => {
  let checked = () => {}
  const checking = new Promise<void>((resolve) => (checked = resolve))
  const output = z.string().refine(async () => {
    await checking
    return true
  })
  const slow = task({ name: 'slow', output, run: () => Promise.resolve('done') })
  const bed = await testbed({ tasks: [slow] })
  const run = await bed.start(slow, {})
  await turns(10)
  const result = run.result()
  bed.tl.log.onCommit(() => checked())
  await run.cancel()
  await bed.settle()
  expect(await Promise.race([result, turns(200)])).toBe('done')
  expect((await Array.fromAsync(run.history())).map(({ kind }) => kind)).not.toContain('run.cancelling')
  await bed.close()
})

test('closing waits for an effect that hangs, thirty seconds and no longer', async () => {
  const hanging = task({ name: 'hanging', run: (ctx) => ctx.step('s', () => new Promise(() => {})) })
  const { tl, clock } = await over((read) => read(), [hanging])
  await tl.start(hanging, {})
  await turns(10)
  let isClosed = false
  const closing = tl.close().then(() => (isClosed = true))
  await clock.advance('29s')
  expect(isClosed).toBe(false)
  await clock.advance('1s')
  await closing
})
