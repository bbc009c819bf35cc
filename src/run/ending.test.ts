import { expect, test } from 'vitest'
import { task, type Context } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

function ledger() {
  const undone: string[] = []
  const book = (ctx: Context, name: string) =>
    ctx.step(name, () => name, { compensate: (value) => void undone.push(value) })
  return { undone, book }
}

test('cancelling runs the compensations newest first, and a bare catch cannot swallow it', async () => {
  const { undone, book } = ledger()
  const trip = task({
    name: 'trip',
    async run(ctx) {
      await book(ctx, 'flight')
      await book(ctx, 'hotel')
      try {
        await ctx.wait('go')
      } catch {
        await ctx.step('swallowed', () => undone.push('swallowed'))
      }
      return 'gone'
    },
  })
  const bed = await testbed({ tasks: [trip] })
  const run = await bed.start(trip, {})
  await bed.settle()
  await run.cancel('plans changed')
  await expect(run.result()).rejects.toMatchObject({
    code: 'run_cancelled',
    message: expect.stringContaining('plans changed'),
  })
  expect(undone).toEqual(['hotel', 'flight'])
  await bed.close()
})

test('compensations are rebuilt after a crash, and each is done once for the record', async () => {
  const { undone, book } = ledger()
  let crash = true
  const trip = task({
    name: 'trip',
    async run(ctx) {
      await book(ctx, 'flight')
      await ctx.step('hotel', () => 'hotel', {
        compensate: () => (crash ? new Promise<never>(() => {}) : void undone.push('hotel')),
      })
      await book(ctx, 'car')
      await ctx.wait('go')
    },
  })
  const bed = await testbed({ tasks: [trip] })
  const { id } = await bed.start(trip, {})
  await bed.settle()
  await (await bed.run(id)).cancel()
  await bed.settle()
  crash = false
  await bed.crash()
  await expect((await bed.run(id)).result()).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(undone).toEqual(['car', 'hotel', 'flight'])
  await bed.close()
})

test('a body that throws is compensated too, and fails with what it threw', async () => {
  const { undone, book } = ledger()
  const trip = task({
    name: 'trip',
    async run(ctx) {
      await book(ctx, 'flight')
      throw new TypeError('no visa')
    },
  })
  const bed = await testbed({ tasks: [trip] })
  const run = await bed.start(trip, {})
  await expect(run.result()).rejects.toMatchObject({ code: 'run_failed', cause: expect.any(TypeError) })
  expect(undone).toEqual(['flight'])
  await bed.close()
})

test('a compensation that the code no longer has halts by name, and resuming with it goes on', async () => {
  const { undone, book } = ledger()
  const version = (withCompensation: boolean) =>
    task({
      name: 'trip',
      async run(ctx) {
        if (withCompensation) await book(ctx, 'flight')
        else await ctx.step('flight', () => 'flight')
        await ctx.wait('go')
      },
    })
  const bed = await testbed({ tasks: [version(true)] })
  const { id } = await bed.start('trip', {})
  await bed.settle()
  await bed.crash({ tasks: [version(false)] })
  await (await bed.run(id)).cancel()
  await bed.clock.advance('1m')
  const halted = await (await bed.run(id)).result().catch((error: unknown) => error)
  expect(halted).toMatchObject({
    code: 'run_halted',
    mode: 'compensation_missing',
    message: expect.stringContaining('flight'),
  })
  await bed.crash({ tasks: [version(true)] })
  await (await bed.run(id)).resume()
  await expect((await bed.run(id)).result()).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(undone).toEqual(['flight'])
  await bed.close()
})

test('a halt is lifted by a word that came after it, also when the one before was lifted by two', async () => {
  let tries = 0
  const closed = () => {
    tries++
    throw new Error('closed')
  }
  const trip = task({
    name: 'trip',
    async run(ctx) {
      await ctx.step('flight', () => 'flight', { compensate: closed })
      throw new Error('no longer wanted')
    },
  })
  const bed = await testbed({ tasks: [trip] })
  const run = await bed.start(trip, {})
  await bed.clock.advance('1h')
  expect({ tries, status: await run.status() }).toEqual({ tries: 5, status: 'halted' })
  await Promise.all([run.resume(), run.resume()])
  await bed.clock.advance('1h')
  expect({ tries, status: await run.status() }).toEqual({ tries: 10, status: 'halted' })
  expect(await bed.tl.log.select('inbox', { where: { run: run.id, taken: null } })).toEqual([])
  await bed.close()
})

test('a compensation that fails for good halts the run; resuming tries it again', async () => {
  let isBroken = true
  const trip = task({
    name: 'trip',
    async run(ctx) {
      await ctx.step('flight', () => 'flight', {
        compensate: () => {
          if (isBroken) throw new Error('airline is down')
        },
      })
      throw new Error('no')
    },
  })
  const bed = await testbed({ tasks: [trip] })
  const { id } = await bed.start(trip, {})
  await bed.clock.advance('1h')
  await expect((await bed.run(id)).result()).rejects.toMatchObject({ mode: 'compensation_failed' })
  isBroken = false
  await bed.crash()
  await (await bed.run(id)).resume()
  await expect((await bed.run(id)).result()).rejects.toMatchObject({ code: 'run_failed' })
  await bed.close()
})

test('cancelling aborts ctx.abortSignal, and waits for what is in flight', async () => {
  const seen: unknown[] = []
  const work = task({
    name: 'work',
    async run(ctx) {
      ctx.abortSignal.addEventListener('abort', () => seen.push('body'))
      await ctx.step(
        'long',
        ({ signal }) =>
          new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('stopped'))),
        {
          compensate: (value) => void seen.push(value),
        },
      )
    },
  })
  const bed = await testbed({ tasks: [work] })
  const run = await bed.start(work, {})
  await bed.settle()
  await run.cancel()
  await expect(run.result()).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(seen).toEqual(['body', 'stopped'])
  await bed.close()
})

test('a run that ended takes no more orders', async () => {
  const quick = task({ name: 'quick', run: () => 1 })
  const bed = await testbed({ tasks: [quick] })
  const run = await bed.start(quick, {})
  await run.result()
  await expect(run.cancel()).rejects.toMatchObject({ code: 'run_ended' })
  await expect(run.signal('x')).rejects.toMatchObject({ code: 'run_ended' })
  await bed.close()
})

test('restart goes on in a fresh chapter under the same handle, with the inbox carried', async () => {
  const loop = task({
    name: 'loop',
    async run(ctx, input: unknown) {
      const n = Number((input as { n: number }).n)
      const got = await ctx.wait('next')
      if (n < 3) await ctx.restart({ n: n + 1 })
      return [n, got]
    },
  })
  const bed = await testbed({ tasks: [loop] })
  const { id } = await bed.start(loop, { n: 1 })
  for (const letter of ['a', 'b', 'c']) await (await bed.run(id)).signal('next', letter)
  await bed.crash()
  const run = await bed.run(id)
  expect(await run.result()).toEqual([3, 'c'])
  expect((await run.info()).chapter).toBe(3)
  expect((await bed.tl.verify()).breaks).toEqual([])
  await bed.close()
})

test('a run that is cancelled before it was carried begins nothing', async () => {
  const calls: string[] = []
  const eager = task({ name: 'eager', run: (ctx) => ctx.step('call', () => calls.push('called')) })
  const bed = await testbed({ tasks: [eager] })
  const run = await bed.start(eager, {}, { at: new Date(bed.clock.now() + 3_600_000) })
  await run.cancel('not needed')
  await expect(run.result()).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(calls).toEqual([])
  await bed.close()
})

test('what an old chapter did is final; a fork undoes what it copied', async () => {
  const undone: string[] = []
  const trip = task({
    name: 'trip',
    async run(ctx, input) {
      const compensate = (value: string) => void undone.push(value)
      if (input === 'first') {
        await ctx.step('flight', () => 'flight', { compensate })
        return ctx.restart('second')
      }
      await ctx.step('hotel', () => 'hotel', { compensate })
      await ctx.wait('confirmation')
    },
  })
  const bed = await testbed({ tasks: [trip] })
  const run = await bed.start(trip, 'first')
  await bed.settle()
  const fork = await run.fork({ at: 'hotel' })
  await bed.settle()
  await fork.cancel()
  await bed.settle()
  expect([await fork.status(), undone]).toEqual(['cancelled', ['hotel']])
  await run.cancel()
  await bed.settle()
  expect([await run.status(), undone]).toEqual(['cancelled', ['hotel', 'hotel']])
  await bed.close()
})

test('a clock that jumps takes no body the time to come by its compensations again', async () => {
  const { undone, book } = ledger()
  let open = () => {}
  let gate = Promise.resolve()
  const trip = task({
    name: 'trip',
    async run(ctx) {
      await ctx.wait('go')
      await gate // in no step: the record does not show it
      await book(ctx, 'hotel')
      await ctx.wait('on')
    },
  })
  const bed = await testbed({ tasks: [trip] })
  const { id } = await bed.start(trip, {})
  await (await bed.run(id)).signal('go')
  await bed.settle()
  await bed.crash()
  gate = new Promise((resolve) => (open = resolve))
  await bed.crash()
  await (await bed.run(id)).cancel('plans changed')
  await bed.settle()
  bed.clock.jump(bed.clock.now() + 3_600_000)
  await bed.clock.advance('1s')
  open()
  await bed.settle()
  await expect((await bed.run(id)).result()).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(undone).toEqual(['hotel'])
  await bed.close()
})

test('what a map had begun before an item failed is undone, though a replay comes to the failure sooner', async () => {
  const undone: string[] = []
  let isHanging = true
  const tour = task({
    name: 'tour',
    run: (ctx) =>
      ctx.map(
        'city',
        ['fails', 'slow', 'booked'],
        async (branch, city) => {
          if (city === 'fails') {
            await branch.wait('storm')
            throw new Error('storm')
          }
          if (city === 'slow') {
            for (let i = 0; i < 2; i++) await new Promise(setImmediate) // in no step
            return branch.step('look', () => city)
          }
          return branch.step('hotel', () => city, {
            compensate: (value) => (isHanging ? new Promise<void>(() => {}) : void undone.push(value)),
          })
        },
        { key: (city) => city, concurrency: 2 },
      ),
  })
  const bed = await testbed({ tasks: [tour] })
  const { id } = await bed.start(tour, {})
  await bed.settle()
  await (await bed.run(id)).signal('storm')
  await bed.settle()
  isHanging = false
  await bed.crash()
  await bed.clock.advance('1m')
  await expect((await bed.run(id)).result()).rejects.toMatchObject({ code: 'run_failed' })
  expect(undone).toEqual(['booked'])
  await bed.close()
})
