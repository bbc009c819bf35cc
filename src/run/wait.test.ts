import { expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { WaitTimedOut } from './errors.ts'

const greeter = task({
  name: 'greeter',
  run: async (ctx) => `Hello ${String(await ctx.wait('name'))}`,
})

test('a message sent before anyone waits is handed to the first wait of its name', async () => {
  const late = task({
    name: 'late',
    async run(ctx) {
      await ctx.sleep('first', '1h')
      return [await ctx.wait('name'), await ctx.wait('name')]
    },
  })
  const bed = await testbed({ tasks: [late] })
  const run = await bed.start(late, {})
  await run.signal('name', 'Ada')
  await run.signal('name', 'Bob')
  await bed.clock.advance('3d')
  expect(await run.result()).toEqual(['Ada', 'Bob'])
  await bed.close()
})

test('a wait survives a crash, and is answered after it', async () => {
  const bed = await testbed({ tasks: [greeter] })
  const { id } = await bed.start(greeter, {})
  await bed.settle()
  await bed.crash()
  const run = await bed.run(id)
  expect(await run.status()).toBe('waiting')
  await run.signal('name', 'Ada')
  expect(await run.result()).toBe('Hello Ada')
  await bed.close()
})

test('the same message id is taken once', async () => {
  const twice = task({
    name: 'twice',
    run: async (ctx) => [
      await ctx.wait('n'),
      await ctx.wait('n', { timeout: '1h' }).catch((error: unknown) => error instanceof WaitTimedOut),
    ],
  })
  const bed = await testbed({ tasks: [twice] })
  const run = await bed.start(twice, {})
  await run.signal('n', 1, { id: 'a' })
  await run.signal('n', 1, { id: 'a' })
  await bed.clock.advance('2h')
  expect(await run.result()).toEqual([1, true])
  await bed.close()
})

test('asking again for a wait that is still open joins it', async () => {
  const joined = task({ name: 'joined', run: (ctx) => Promise.all([ctx.wait('n'), ctx.wait('n')]) })
  const bed = await testbed({ tasks: [joined] })
  const run = await bed.start(joined, {})
  await run.signal('n', 'one')
  expect(await run.result()).toEqual(['one', 'one'])
  await bed.close()
})

test('a payload that does not fit the schema is refused to its sender, and the wait stays open', async () => {
  const strict = task({
    name: 'strict',
    run: (ctx) => ctx.wait('n', { schema: z.object({ amount: z.number() }) }),
  })
  const bed = await testbed({ tasks: [strict] })
  const run = await bed.start(strict, {})
  await bed.settle()
  await expect(run.signal('n', { amount: 'many' })).rejects.toMatchObject({ code: 'invalid_payload' })
  await run.signal('n', { amount: 2 })
  expect(await run.result()).toEqual({ amount: 2 })
  await bed.close()
})

test('a payload sent before the wait opened that does not fit is recorded as refused, and the next one is taken', async () => {
  const strict = task({
    name: 'strict-late',
    async run(ctx) {
      await ctx.sleep('first', '1h')
      return ctx.wait('n', { schema: z.number() })
    },
  })
  const bed = await testbed({ tasks: [strict] })
  const run = await bed.start(strict, {})
  await run.signal('n', 'not a number')
  await run.signal('n', 7)
  await bed.clock.advance('2h')
  expect(await run.result()).toBe(7)
  const kinds = (await Array.fromAsync(run.history())).map((event) => event.kind)
  expect(kinds.filter((kind) => kind === 'wait.refused')).toHaveLength(1)
  await bed.close()
})

test('a wait that times out throws WaitTimedOut, at the time first asked for', async () => {
  const patient = task({
    name: 'patient',
    run: (ctx) =>
      ctx.wait('n', { timeout: '1h' }).catch((error: unknown) => [error instanceof WaitTimedOut, ctx.now()]),
  })
  const bed = await testbed({ tasks: [patient] })
  const startedAt = bed.clock.now()
  const { id } = await bed.start(patient, {})
  await bed.clock.advance('30m')
  await bed.crash()
  await bed.clock.advance('40m')
  const [isTimeOut, at] = (await (await bed.run(id)).result()) as [boolean, number]
  expect(isTimeOut).toBe(true)
  expect(at - startedAt).toBeLessThan(61 * 60_000)
  await bed.close()
})

test('messages never taken are on the record when the run ends', async () => {
  const bed = await testbed({ tasks: [greeter] })
  const run = await bed.start(greeter, {})
  await bed.settle()
  await run.signal('other', 1, { id: 'never' })
  await run.signal('name', 'Ada')
  await run.result()
  const last = (await Array.fromAsync(run.history())).at(-1)
  expect(last?.body).toContain('"untaken":["never"]')
  await bed.close()
})

test('a sleep is not recomputed after a crash, and ends once', async () => {
  const sleeper = task({
    name: 'sleeper',
    async run(ctx) {
      await ctx.sleep('nap', '2h')
      await ctx.sleep('until', new Date(ctx.run.startedAt + 3 * 3_600_000))
      return ctx.now() - ctx.run.startedAt
    },
  })
  const bed = await testbed({ tasks: [sleeper] })
  const { id } = await bed.start(sleeper, {})
  await bed.clock.advance('1h')
  await bed.crash()
  await bed.clock.advance('1h')
  await bed.crash()
  await bed.clock.advance('1h')
  const took = (await (await bed.run(id)).result()) as number
  expect(took).toBeGreaterThanOrEqual(3 * 3_600_000)
  expect(took).toBeLessThan(3 * 3_600_000 + 60_000)
  await bed.close()
})

test('an answer and a time-out both due after downtime: the earlier counts, and only that is recorded', async () => {
  const patient = task({
    name: 'patient',
    run: (ctx) => ctx.wait('n', { timeout: '1h' }).catch(() => 'timed out'),
  })
  const bed = await testbed({ tasks: [patient] })
  const { id } = await bed.start(patient, {})
  await bed.settle()
  await (await bed.run(id)).signal('n', 'answered')
  bed.clock.jump(bed.clock.now() + 3 * 3_600_000)
  await bed.crash()
  const run = await bed.run(id)
  expect(await run.result()).toBe('answered')
  const kinds = (await Array.fromAsync(run.history())).map((event) => event.kind)
  expect(kinds.filter((kind) => kind === 'wait.timed_out')).toEqual([])
  await bed.close()
})
