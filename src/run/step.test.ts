import { expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { StepTimedOut } from './errors.ts'

test('a step is done once for the record: after a crash its outcome is handed back', async () => {
  let calls = 0
  const once = task({
    name: 'counted',
    async run(ctx) {
      const value = await ctx.step('count', () => ++calls)
      await ctx.wait('go')
      return value
    },
  })
  const bed = await testbed({ tasks: [once] })
  const { id } = await bed.start(once, {})
  await bed.settle()
  await bed.crash()
  const run = await bed.run(id)
  await run.signal('go')
  expect(await run.result()).toBe(1)
  expect(calls).toBe(1)
  await bed.close()
})

test('the body gets the decoded value, live and replayed', async () => {
  class Box {
    readonly inner = new Map([['k', new Date(5)]])
  }
  const seen: unknown[] = []
  const typed = task({
    name: 'typed',
    async run(ctx) {
      const box = await ctx.step('box', () => new Box())
      seen.push(box instanceof Box, box.inner)
      await ctx.wait('go')
      return null
    },
  })
  const bed = await testbed({ tasks: [typed] })
  const { id } = await bed.start(typed, {})
  await bed.settle()
  await bed.crash()
  await (await bed.run(id)).signal('go')
  await (await bed.run(id)).result()
  const inner = new Map([['k', new Date(5)]])
  expect(seen).toEqual([false, inner, false, inner])
  await bed.close()
})

test('a failed step throws the same class live and replayed', async () => {
  const seen: string[] = []
  const failing = task({
    name: 'failing',
    async run(ctx) {
      try {
        await ctx.step('bad', () => {
          throw Object.assign(new RangeError('too far'), { limit: 5 })
        })
      } catch (error) {
        if (error instanceof RangeError)
          seen.push(`${error.message} ${String((error as RangeError & { limit: number }).limit)}`)
      }
      await ctx.wait('go')
      return seen.length
    },
  })
  const bed = await testbed({ tasks: [failing] })
  const { id } = await bed.start(failing, {})
  await bed.settle()
  await bed.crash()
  await (await bed.run(id)).signal('go')
  await (await bed.run(id)).result()
  expect(seen).toEqual(['too far 5', 'too far 5'])
  await bed.close()
})

test('retries wait longer each time, and are on the record', async () => {
  let attempts = 0
  const flaky = task({
    name: 'flaky',
    run: (ctx) =>
      ctx.step(
        'call',
        ({ attempt }) => {
          attempts++
          if (attempt < 4) throw new Error(`attempt ${attempt}`)
          return attempt
        },
        { retry: { attempts: 5, initial: '1m', factor: 2, max: '3m', jitter: false } },
      ),
  })
  const bed = await testbed({ tasks: [flaky] })
  const startedAt = bed.clock.now()
  const { id } = await bed.start(flaky, {})
  await bed.clock.advance('2m')
  await bed.crash() // attempts are not counted anew
  await bed.clock.advance('10m')
  const run = await bed.run(id)
  expect(await run.result()).toBe(4)
  expect(attempts).toBe(4)
  const ended = (await run.info()).endedAt?.getTime() ?? 0
  expect(ended - startedAt).toBeGreaterThanOrEqual((1 + 2 + 3) * 60_000)
  await bed.close()
})

test('retry.on decides, and the last error is thrown', async () => {
  const picky = task({
    name: 'picky',
    run: (ctx) =>
      ctx.step(
        'call',
        () => {
          throw new TypeError('wrong')
        },
        { retry: { attempts: 5, on: (error) => !(error instanceof TypeError) } },
      ),
  })
  const bed = await testbed({ tasks: [picky] })
  const run = await bed.start(picky, {})
  await expect(run.result()).rejects.toMatchObject({ code: 'run_failed', cause: expect.any(TypeError) })
  await bed.close()
})

test('an attempt that takes too long is aborted; a heartbeat gives it more time', async () => {
  const signals: boolean[] = []
  const slow = task({
    name: 'slow',
    async run(ctx) {
      const timedOut = await ctx
        .step(
          'hangs',
          ({ signal }) =>
            new Promise((_, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason as Error)),
            ),
          { timeout: '1m' },
        )
        .catch((error: unknown) => error instanceof StepTimedOut)
      const alive = await ctx.step(
        'beats',
        async ({ heartbeat, signal }) => {
          for (let i = 0; i < 3; i++) {
            await bed.clock.sleep('40s')
            heartbeat()
          }
          signals.push(signal.aborted)
          return 'alive'
        },
        { timeout: '1m' },
      )
      return [timedOut, alive]
    },
  })
  const bed = await testbed({ tasks: [slow] })
  const run = await bed.start(slow, {})
  await bed.clock.advance('10m')
  expect(await run.result()).toEqual([true, 'alive'])
  expect(signals).toEqual([false])
  await bed.close()
})

test('the idempotency key is the same on every attempt and after every crash', async () => {
  const keys: string[] = []
  const keyed = task({
    name: 'keyed',
    run: (ctx) =>
      ctx.step(
        'call',
        ({ idempotencyKey, attempt }) => {
          keys.push(idempotencyKey)
          if (attempt < 3) throw new Error('again')
          return idempotencyKey
        },
        { retry: { attempts: 3, initial: '1h', jitter: false } },
      ),
  })
  const bed = await testbed({ tasks: [keyed] })
  const { id } = await bed.start(keyed, {})
  await bed.settle()
  await bed.crash()
  await bed.clock.advance('5h')
  const last = await (await bed.run(id)).result()
  expect(keys).toHaveLength(3)
  expect(new Set([...keys, last]).size).toBe(1)
  await bed.close()
})

test('a result that does not fit the output schema fails the step, with every issue', async () => {
  const wrong = task({
    name: 'wrong',
    run: (ctx) =>
      ctx.step('s', () => ({ a: 'x' }) as unknown as { a: number }, { output: z.object({ a: z.number() }) }),
  })
  const bed = await testbed({ tasks: [wrong] })
  await expect((await bed.start(wrong, {})).result()).rejects.toMatchObject({
    mode: 'invalid_output',
    message: expect.stringContaining('a:'),
  })
  await bed.close()
})

test('what cannot be recorded is refused with its step and path', async () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  for (const [value, path] of [
    [{ deep: [() => 1] }, '$.deep[0]'],
    [Symbol('s'), '$'],
    [cyclic, '$.self'],
  ] as const) {
    const bad = task({ name: 'bad', run: (ctx) => ctx.step('gives', () => value) })
    const bed = await testbed({ tasks: [bad] })
    const failure = await (await bed.start(bad, {})).result().catch((error: unknown) => error)
    expect(failure).toMatchObject({ mode: 'not_serializable' })
    expect(String(failure)).toContain('Step "gives"')
    expect(String(failure)).toContain(path)
    await bed.close()
  }
})

test('values thrown that are no errors arrive as they were', async () => {
  for (const thrown of ['text', undefined, null, 7, { code: 'E' }]) {
    const odd = task({
      name: 'odd',
      run: (ctx) =>
        ctx
          .step('throws', () => {
            throw thrown
          })
          .catch((error: unknown) => ({ caught: error })),
    })
    const bed = await testbed({ tasks: [odd] })
    expect(await (await bed.start(odd, {})).result()).toEqual({ caught: thrown })
    await bed.close()
  }
})

test('an operation inside a step is refused, by name', async () => {
  const nested = task({ name: 'nested', run: (ctx) => ctx.step('outer', () => ctx.step('inner', () => 1)) })
  const bed = await testbed({ tasks: [nested] })
  const failure = await (await bed.start(nested, {})).result().catch((error: unknown) => error)
  expect(failure).toMatchObject({ mode: 'bad_operation' })
  expect(String(failure)).toContain('inner')
  await bed.close()
})

test('a failure that nobody awaits is on the record, and does not end the process', async () => {
  const careless = task({
    name: 'careless',
    async run(ctx) {
      void ctx.step('forgotten', () => {
        throw new Error('nobody looks')
      })
      return ctx.step('kept', () => 'kept')
    },
  })
  const bed = await testbed({ tasks: [careless] })
  const run = await bed.start(careless, {})
  expect(await run.result()).toBe('kept')
  const kinds = (await Array.fromAsync(run.history())).map((event) => event.kind)
  expect(kinds).toContain('step.failed')
  await bed.close()
})

test('a retry.on that throws fails the step with what it threw', async () => {
  const picky = task({
    name: 'picky',
    run: (ctx) =>
      ctx.step(
        'call',
        () => {
          throw new Error('first')
        },
        {
          retry: {
            attempts: 5,
            on: () => {
              throw new TypeError('a broken check')
            },
          },
        },
      ),
  })
  const bed = await testbed({ tasks: [picky] })
  await expect((await bed.start(picky, {})).result()).rejects.toMatchObject({ cause: expect.any(TypeError) })
  await bed.close()
})
