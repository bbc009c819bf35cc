import { expect, test } from 'vitest'
import { task, type Reconciled } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

/** A world with side effects: what was charged, by key; and a place to crash in. */
function world() {
  const charged: string[] = []
  return { charged, hang: () => new Promise<never>(() => {}) }
}

test('a crash between intent and outcome leaves the effect in doubt, and a person settles it', async () => {
  const { charged, hang } = world()
  const pay = task({
    name: 'pay',
    run: (ctx) =>
      ctx.step(
        'charge',
        async ({ idempotencyKey }) => {
          charged.push(idempotencyKey)
          return hang()
        },
        { effect: 'once' },
      ),
  })
  const bed = await testbed({ tasks: [pay] })
  const { id } = await bed.start(pay, {})
  await bed.settle()
  await bed.crash()
  await bed.settle()
  const run = await bed.run(id)
  const info = await run.info()
  expect([info.status, info.waiting[0]?.kind, info.waiting[0]?.name]).toEqual([
    'waiting',
    'in_doubt',
    'charge',
  ])
  await expect(run.resolve('other', { done: true })).rejects.toMatchObject({ code: 'not_in_doubt' })
  await run.resolve('charge', { done: true, value: 'receipt 7' })
  expect(await run.result()).toBe('receipt 7')
  expect(charged).toHaveLength(1)
  await bed.close()
})

test('a person who says that it did not happen lets it be tried again, under the same key', async () => {
  const keys: string[] = []
  const pay = task({
    name: 'pay',
    run: (ctx) =>
      ctx.step(
        'charge',
        ({ idempotencyKey }) => {
          keys.push(idempotencyKey)
          if (keys.length === 1) throw new Error('connection reset')
          return 'paid'
        },
        { effect: 'once' },
      ),
  })
  const bed = await testbed({ tasks: [pay] })
  const run = await bed.start(pay, {})
  await bed.settle()
  expect((await run.info()).waiting[0]?.kind).toBe('in_doubt') // a throw after the intent proves nothing
  await bed.crash()
  await (await bed.run(run.id)).resolve('charge', { done: false })
  expect(await (await bed.run(run.id)).result()).toBe('paid')
  expect(new Set(keys).size).toBe(1)
  await bed.close()
})

test('a person who says that it failed fails the step', async () => {
  const pay = task({
    name: 'pay',
    run: (ctx) => ctx.step('charge', () => new Promise<never>(() => {}), { effect: 'once' }),
  })
  const bed = await testbed({ tasks: [pay] })
  const { id } = await bed.start(pay, {})
  await bed.settle()
  await bed.crash()
  await bed.settle()
  const run = await bed.run(id)
  await run.resolve('charge', { failed: 'the bank says so' })
  await expect(run.result()).rejects.toMatchObject({ mode: 'effect_not_done' })
  await bed.close()
})

test('reconcile answers for the crash, and nothing is done twice', async () => {
  const answers: readonly [Reconciled<string>, unknown][] = [
    [{ done: true, value: 'found' }, 'found'],
    [{ done: false }, 'second try'],
  ]
  for (const [answer, outcome] of answers) {
    let calls = 0
    const pay = task({
      name: 'pay',
      run: (ctx) =>
        ctx.step('charge', () => (++calls === 1 ? new Promise<never>(() => {}) : 'second try'), {
          effect: 'once',
          reconcile: () => answer,
        }),
    })
    const bed = await testbed({ tasks: [pay] })
    const { id } = await bed.start(pay, {})
    await bed.settle()
    await bed.crash()
    expect(await (await bed.run(id)).result()).toBe(outcome)
    await bed.close()
  }
})

test('reconcile that cannot tell, or throws, leaves it to a person', async () => {
  for (const reconcile of [
    () => 'unknown' as const,
    () => {
      throw new Error('no access')
    },
  ]) {
    const pay = task({
      name: 'pay',
      run: (ctx) => ctx.step('charge', () => new Promise<never>(() => {}), { effect: 'once', reconcile }),
    })
    const bed = await testbed({ tasks: [pay] })
    const { id } = await bed.start(pay, {})
    await bed.settle()
    await bed.crash()
    await bed.settle()
    expect((await (await bed.run(id)).info()).waiting[0]?.kind).toBe('in_doubt')
    await bed.close()
  }
})

test('a throw after the intent is retried where reconcile knows that nothing happened', async () => {
  let calls = 0
  const pay = task({
    name: 'pay',
    run: (ctx) =>
      ctx.step(
        'charge',
        () => {
          if (++calls < 3) throw new Error('refused')
          return calls
        },
        {
          effect: 'once',
          reconcile: () => ({ done: false }),
          retry: { attempts: 3, initial: 10, jitter: false },
        },
      ),
  })
  const bed = await testbed({ tasks: [pay] })
  const run = await bed.start(pay, {})
  await bed.clock.advance('1m')
  expect(await run.result()).toBe(3)
  await bed.close()
})

test('a word said twice about an effect in doubt settles nothing in the next chapter', async () => {
  const pay = task({
    name: 'pay',
    run: async (ctx, round: number): Promise<unknown> => {
      const broken = () => Promise.reject(new Error('connection reset'))
      const receipt = await ctx.step('charge', broken, { effect: 'once' })
      return round === 1 ? ctx.restart(2) : receipt
    },
  })
  const bed = await testbed({ tasks: [pay] })
  const run = await bed.start(pay, 1)
  await bed.settle()
  const say = (value: string) => run.resolve('charge', { done: true, value })
  await Promise.all([say('of the first'), say('of the first, again')])
  await bed.settle()
  const { chapter, status } = await run.info()
  expect([chapter, status]).toEqual([2, 'waiting'])
  await say('of the second')
  expect(await run.result()).toBe('of the second')
  await bed.close()
})

test('of two uses of a name in doubt at once, a word settles the one it names', async () => {
  const never = () => new Promise<string>(() => {})
  const twice = task({
    name: 'twice',
    run: (ctx) =>
      Promise.all([
        ctx.step('send', never, { effect: 'once', retry: { attempts: 3 } }),
        ctx.step('send', never, { effect: 'once' }),
      ]),
  })
  const bed = await testbed({ tasks: [twice] })
  const { id } = await bed.start(twice, {})
  await bed.settle()
  await bed.crash()
  await bed.settle()
  await (await bed.run(id)).resolve('send', { done: false }) // its second attempt hangs as well
  await bed.settle()
  await bed.crash()
  await bed.settle()
  const run = await bed.run(id)
  expect((await run.info()).waiting.map(({ attempt, ordinal }) => [attempt, ordinal])).toEqual([
    [2, 1],
    [1, 2],
  ])
  await run.resolve('send#2', { done: true, value: 'right' })
  await run.resolve('send', { done: true, value: 'left' })
  expect(await run.result()).toEqual(['left', 'right'])
})
