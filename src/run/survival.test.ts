/** What the simulation found, each as the shortest run that showed it. */
import { expect, test } from 'vitest'
import { open, openStore } from '../app/index.ts'
import type { Change, Log } from '../log/index.ts'
import { StoreUnavailable } from '../store/sqlite/index.ts'
import { task } from '../task/index.ts'
import { SimulatedClock, testbed } from '../testing/index.ts'

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

test('the same step in the next chapter carries another idempotency key', async () => {
  const keys: string[] = []
  const monthly = task({
    name: 'monthly',
    async run(ctx, month: unknown) {
      await ctx.step('charge', ({ idempotencyKey }) => void keys.push(idempotencyKey), { effect: 'once' })
      return Number(month) < 3 ? ctx.restart(Number(month) + 1) : 'paid'
    },
  })
  const bed = await testbed({ tasks: [monthly] })
  expect(await (await bed.start(monthly, 1)).result()).toBe('paid')
  expect(new Set(keys).size).toBe(3)
  await bed.close()
})

test('what a person said was done is undone when the run fails', async () => {
  const undone: unknown[] = []
  const buyer = task({
    name: 'buyer',
    async run(ctx) {
      const pay = () => Promise.reject(new Error('the line broke'))
      await ctx.step('pay', pay, { effect: 'once', compensate: (receipt) => void undone.push(receipt) })
      throw new Error('out of stock')
    },
  })
  const bed = await testbed({ tasks: [buyer], logger: silent })
  const run = await bed.start(buyer, {})
  await bed.settle()
  await run.resolve('pay', { done: true, value: 'receipt' })
  await expect(run.result()).rejects.toThrow('out of stock')
  expect(undone).toEqual(['receipt'])
  await bed.close()
})

test('a run that is being cancelled makes no further attempt, whatever a person says was not done', async () => {
  let attempts = 0
  const buyer = task({
    name: 'buyer',
    run: (ctx) =>
      ctx.step(
        'pay',
        () => {
          attempts++
          throw new Error('the line broke')
        },
        { effect: 'once' },
      ),
  })
  const bed = await testbed({ tasks: [buyer], logger: silent })
  const run = await bed.start(buyer, {})
  await bed.settle()
  await run.cancel()
  await bed.settle()
  await run.resolve('pay', { done: false })
  await expect(run.result()).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(attempts).toBe(1)
  await bed.close()
})

test('a retry that is due later is waited for after a crash, also behind a plain await', async () => {
  let attempts = 0
  const retrying = task({
    name: 'retrying',
    async run(ctx) {
      await turns(5)
      const fails = () => (++attempts === 1 ? Promise.reject(new Error('not yet')) : 'done')
      return ctx.step('s', fails, { retry: { attempts: 2, initial: '1h', jitter: false } })
    },
  })
  const bed = await testbed({ tasks: [retrying], stalledMs: 100 * 3_600_000 })
  const { id } = await bed.start(retrying, {})
  await turns(20)
  await bed.crash()
  await bed.clock.advance('30m')
  await bed.crash()
  await turns(20)
  await bed.clock.advance('1h')
  expect(await (await bed.run(id)).status()).toBe('done')
  await bed.close()
})

test('a step begun beside an open wait, after a plain await, is done by the next process', async () => {
  let isStuck = true
  const beside = task({
    name: 'beside',
    run: (ctx) =>
      ctx.race({
        answer: (b) => b.wait('answer'),
        work: async (b) => {
          await turns(20)
          return b.step('work', () => (isStuck ? new Promise<string>(() => {}) : 'worked'))
        },
      }),
  })
  const bed = await testbed({ tasks: [beside], logger: silent })
  const { id } = await bed.start(beside, {})
  await turns(60)
  isStuck = false
  await bed.crash()
  await turns(60)
  expect(await (await bed.run(id)).result()).toMatchObject({ winner: 'work', value: 'worked' })
  await bed.close()
})

/** A store that is full for the first `count` commits that take a run over. */
function fullAtFirst(store: Log, count: number): Log {
  let left = count
  const isClaim = ({ expected }: Change['appends'][number]) =>
    typeof expected === 'object' && 'claim' in expected
  return new Proxy(store, {
    get(target, key) {
      if (key === 'commit')
        return (change: Change) =>
          change.appends.some(isClaim) && left-- > 0
            ? Promise.reject(new StoreUnavailable('store_full', 'a file', undefined))
            : target.commit(change)
      const member: unknown = Reflect.get(target, key, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

test('a store that is full when a run is taken over holds it up, no longer', async () => {
  const easy = task({ name: 'easy', run: () => 'done' })
  const clock = new SimulatedClock(() => turns(20))
  const store = openStore('memory:', { clock })
  await using tl = await open({ store: fullAtFirst(store, 2), tasks: [easy], clock, logger: silent })
  const run = await tl.start(easy, {})
  await clock.advance('1m')
  expect(await run.status()).toBe('done')
})

test('a fork is carried by whoever carries runs, also when a client made it', async () => {
  const two = task({
    name: 'two',
    run: async (ctx) => [await ctx.step('a', () => 1), await ctx.step('b', () => 2)],
  })
  const bed = await testbed({ tasks: [two] })
  const run = await bed.start(two, {})
  await run.result()
  const client = await open({ store: bed.tl.log, worker: false, tasks: [two], clock: bed.clock })
  const { id } = await (await client.run(run.id)).fork({ at: 'a' })
  const { status, wakeAt } = await (await client.run(id)).info()
  expect({ status, wakeAt }).toEqual({ status: 'queued', wakeAt: new Date(bed.clock.now()) })
  await bed.close()
})

test('what the loser of a race did is undone, though the race is decided before it came by that again', async () => {
  const undone: unknown[] = []
  let pause = 0
  const racer = task({
    name: 'racer',
    async run(ctx) {
      await ctx.race({
        fast: (b) => b.wait('go'),
        slow: async (b) => {
          await turns(pause)
          await b.step('book', () => 'a seat', { compensate: (seat) => void undone.push(seat) })
          return b.wait('never')
        },
      })
      throw new Error('no longer wanted')
    },
  })
  const bed = await testbed({ tasks: [racer], logger: silent })
  const { id } = await bed.start(racer, {})
  await bed.settle()
  pause = 200
  await bed.crash()
  const run = await bed.run(id)
  await run.signal('go')
  await expect(run.result()).rejects.toThrow('no longer wanted')
  expect(undone).toEqual(['a seat'])
  await bed.close()
})
