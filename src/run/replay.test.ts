import { expect, test } from 'vitest'
import { task, type Context } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

/** Starts with one body, crashes while it waits, goes on with another. */
async function change(before: (ctx: Context) => unknown, after: (ctx: Context) => unknown) {
  const code = (run: (ctx: Context) => unknown) => task({ name: 'changing', run: (ctx) => run(ctx) })
  const bed = await testbed({ tasks: [code(before)] })
  const { id } = await bed.start('changing', {})
  await bed.settle()
  await bed.crash({ tasks: [code(after)] })
  await bed.settle()
  const run = await bed.run(id)
  if ((await run.status()) === 'waiting') await run.signal('go')
  const result = await run.result().catch((error: unknown) => error)
  return { bed, run, result }
}

test('code may gain, lose and reorder steps while a run is in flight', async () => {
  const { bed, run, result } = await change(
    async (ctx) => {
      const a = await ctx.step('a', () => 'a1')
      const b = await ctx.step('b', () => 'b1')
      await ctx.step('lost', () => 'lost')
      await ctx.wait('go')
      return [a, b]
    },
    async (ctx) => {
      const b = await ctx.step('b', () => 'b2')
      const gained = await ctx.step('gained', () => 'new')
      const a = await ctx.step('a', () => 'a2')
      await ctx.wait('go')
      return [a, b, gained]
    },
  )
  expect(result).toEqual(['a1', 'b1', 'new'])
  const last = (await Array.fromAsync(run.history())).at(-1)
  expect(last?.body).toContain('"unclaimed":["lost#1"]')
  await bed.close()
})

test('a step gained between repeats does not disturb them', async () => {
  const { bed, result } = await change(
    async (ctx) => {
      const all = []
      for (let i = 0; i < 3; i++) all.push(await ctx.step('s', () => i))
      await ctx.wait('go')
      return all
    },
    async (ctx) => {
      const all = []
      for (let i = 0; i < 3; i++) {
        all.push(await ctx.step('s', () => 'wrong'))
        await ctx.step('between', () => i)
      }
      await ctx.wait('go')
      return all
    },
  )
  expect(result).toEqual([0, 1, 2])
  await bed.close()
})

test('another kind under the same name halts, naming both', async () => {
  const { bed, result } = await change(
    async (ctx) => {
      await ctx.step('x', () => 1)
      await ctx.wait('go')
    },
    async (ctx) => {
      await ctx.sleep('x', 5)
      await ctx.wait('go')
    },
  )
  expect(result).toMatchObject({ code: 'run_halted', mode: 'replay_diverged' })
  expect(String(result)).toMatch(/step.*sleep/)
  await bed.close()
})

test('a repeat reached by another path is an error, never the result of another', async () => {
  const { bed, result } = await change(
    async (ctx) => {
      await ctx.step('x', () => 1)
      await ctx.step('s', () => 'after x')
      await ctx.step('y', () => 2)
      await ctx.step('s', () => 'after y')
      await ctx.wait('go')
    },
    async (ctx) => {
      await ctx.step('y', () => 2)
      await ctx.step('s', () => 'after y')
      await ctx.step('x', () => 1)
      await ctx.step('s', () => 'after x')
      await ctx.wait('go')
    },
  )
  expect(result).toMatchObject({ code: 'run_halted', mode: 'replay_diverged' })
  await bed.close()
})

test('a halted run goes on when it is resumed with code that fits', async () => {
  const good = task({
    name: 'changing',
    async run(ctx) {
      await ctx.step('x', () => 1)
      return ctx.wait('go')
    },
  })
  const bad = task({ name: 'changing', run: (ctx) => ctx.sleep('x', 5) })
  const bed = await testbed({ tasks: [good] })
  const { id } = await bed.start('changing', {})
  await bed.settle()
  await bed.crash({ tasks: [bad] })
  await bed.settle()
  await (await bed.run(id)).signal('go', 'went') // wakes it, and it halts
  await bed.settle()
  expect(await (await bed.run(id)).status()).toBe('halted')
  await bed.crash({ tasks: [good] })
  await (await bed.run(id)).resume()
  expect(await (await bed.run(id)).result()).toBe('went')
  await bed.close()
})

test('each save keeps its own fetch, whatever the order they end in', async () => {
  const release: (() => void)[] = []
  const fan = task({
    name: 'fan',
    async run(ctx) {
      const pairs = await Promise.all(
        ['a', 'b', 'c'].map(async (id, i) => {
          const fetched = await ctx.step(
            'fetch',
            () => new Promise<string>((resolve) => (release[i] = () => resolve(id))),
          )
          return `${id}:${await ctx.step('save', () => fetched)}`
        }),
      )
      await ctx.wait('go')
      return pairs
    },
  })
  const bed = await testbed({ tasks: [fan] })
  const { id } = await bed.start(fan, {})
  await bed.settle()
  for (const i of [2, 0, 1]) {
    release[i]?.()
    await bed.settle()
  }
  await bed.crash()
  await (await bed.run(id)).signal('go')
  expect(await (await bed.run(id)).result()).toEqual(['a:a', 'b:b', 'c:c'])
  await bed.close()
})

test('now, random and id are the same on replay', async () => {
  const seen: unknown[] = []
  const derived = task({
    name: 'derived',
    async run(ctx) {
      await ctx.step('a', () => 1)
      await ctx.map('m', [1, 2, 3], async (branch, n) => {
        await branch.step('s', () => n)
        seen.push([n, branch.now(), branch.random(), branch.id()])
      })
      seen.push([ctx.now(), ctx.random(), ctx.random(), ctx.id()])
      await ctx.wait('go')
      return ctx.random()
    },
  })
  const bed = await testbed({ tasks: [derived] })
  const { id } = await bed.start(derived, {})
  await bed.settle()
  await bed.clock.advance('1h')
  await bed.crash()
  await (await bed.run(id)).signal('go')
  const last = (await (await bed.run(id)).result()) as number
  expect(seen.slice(4)).toEqual(seen.slice(0, 4))
  expect(last).toBeGreaterThanOrEqual(0)
  expect(last).toBeLessThan(1)
  expect(new Set(seen.flat().filter((one) => typeof one === 'string')).size).toBe(4)
  await bed.close()
})

test('logs and progress are silent during replay', async () => {
  const lines: string[] = []
  const say = (message: string) => void lines.push(message)
  const talker = task({
    name: 'talker',
    async run(ctx) {
      ctx.log.info('before')
      await ctx.step('a', () => 1)
      ctx.log.info('between')
      await ctx.wait('go')
      ctx.log.info('after')
    },
  })
  const bed = await testbed({ tasks: [talker], logger: { debug: say, info: say, warn: say, error: say } })
  const { id } = await bed.start(talker, {})
  await bed.settle()
  await bed.crash()
  await (await bed.run(id)).signal('go')
  await (await bed.run(id)).result()
  expect(lines).toEqual(['before', 'between', 'after'])
  await bed.close()
})

test('under strict, a recorded step that code lost halts the run', async () => {
  const before = task({
    name: 'changing',
    async run(ctx) {
      await ctx.step('lost', () => 1)
      await ctx.wait('go')
    },
  })
  const after = task({ name: 'changing', run: (ctx) => ctx.wait('go') })
  const bed = await testbed({ tasks: [before], strict: true })
  const { id } = await bed.start('changing', {})
  await bed.settle()
  await bed.crash({ tasks: [after] })
  await (await bed.run(id)).signal('go')
  const failure = await (await bed.run(id)).result().catch((error: unknown) => error)
  expect(failure).toMatchObject({
    code: 'run_halted',
    mode: 'replay_diverged',
    message: expect.stringContaining('lost'),
  })
  await bed.close()
})
