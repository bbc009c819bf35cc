import { expect, test } from 'vitest'
import { task, type Context } from '../task/index.ts'
import { replay } from './replay.ts'
import { testbed } from './testbed.ts'

async function recorded(run: (ctx: Context) => unknown) {
  const original = task({ name: 'original', run: (ctx) => run(ctx) })
  const bed = await testbed({ tasks: [original] })
  const handle = await bed.start(original, {})
  await handle.result()
  const events = await Array.fromAsync(handle.history())
  await bed.close()
  return events
}

const shipping = task({ name: 'shipping', run: () => 'never called' })

const code = (run: (ctx: Context) => unknown) => task({ name: 'original', run: (ctx) => run(ctx) })

test('the code that wrote a record carries it, and performs nothing', async () => {
  let effects = 0
  const run = async (ctx: Context) => {
    const a = await ctx.step('a', () => ++effects)
    await ctx.map('m', [1, 2], (branch, n) => branch.step('s', () => n + a))
    await ctx.sleep('nap', 1)
    return ctx.now()
  }
  const bed = await testbed({ tasks: [code(run)] })
  const handle = await bed.start('original', {})
  await bed.clock.advance('1m')
  const verdict = await replay(handle.history(), code(run))
  expect(verdict).toEqual({
    ok: true,
    diverged: undefined,
    unclaimed: [],
    notReached: [],
    gained: [],
    ambient: [],
  })
  expect(effects).toBe(1)
  await bed.close()
})

test('a step that code lost is named, and so is one it gained at the end', async () => {
  const events = await recorded(async (ctx) => {
    await ctx.step('kept', () => 1)
    await ctx.step('lost', () => 2)
  })
  const shorter = code((ctx) => ctx.step('kept', () => 1))
  expect(await replay(events, shorter)).toMatchObject({ ok: false, unclaimed: ['lost#1'], gained: [] })
  const longer = code(async (ctx) => {
    await ctx.step('kept', () => 1)
    await ctx.step('lost', () => 2)
    await ctx.step('gained', () => 3)
  })
  expect(await replay(events, longer)).toMatchObject({ ok: true, unclaimed: [], gained: ['gained#1'] })
})

test('what lies behind a gained step is not called lost; with its outcome given, it is known', async () => {
  const events = await recorded(async (ctx) => {
    await ctx.step('a', () => 1)
    for (const n of [1, 2]) await ctx.step('b', () => n) // a repeated name: reached by another path, it would diverge
    await ctx.step('lost', () => 3)
  })
  const seen: unknown[] = []
  const after = code(async (ctx) => {
    await ctx.step('a', () => 'never called')
    const title = await ctx.step('title', () => 'never called')
    await ctx.sleep('pause', '1h')
    for (let n = 0; n < 2; n++) seen.push(await ctx.step('b', () => 'never called'))
    const { winner } = await ctx.race({
      left: (branch) => branch.wait('x'),
      right: (branch) => branch.wait('x'),
    })
    const child = await ctx.spawn(shipping, {})
    seen.push(title, winner, child.id, await ctx.call(shipping, {}), await ctx.wait('word'))
  })
  expect(await replay(events, after)).toMatchObject({
    ok: false,
    unclaimed: [],
    notReached: ['b#1', 'b#2', 'lost#1'],
    gained: ['title#1'],
  })
  const given = {
    title: new Map([['a', 1n]]),
    'pause#1': undefined,
    a: 'on record: not given',
    race: { winner: 'left', value: 1 },
    shipping: { id: 'run_1' },
    word: 'go',
  }
  expect(await replay(events, after, { given })).toMatchObject({
    ok: false,
    unclaimed: ['lost#1'],
    notReached: [],
    gained: expect.arrayContaining(['title#1', 'pause#1', 'race#1', 'shipping#1', 'shipping#2', 'word#1']),
  })
  expect(seen).toEqual([1, 2, new Map([['a', 1n]]), 'left', 'run_1', { id: 'run_1' }, 'go'])
})

test('a step gained in one of several branches holds up that branch, and is given by its path', async () => {
  const events = await recorded((ctx) =>
    ctx.map('m', ['a', 'b'], (branch, item) => branch.step('s', () => item), { key: (item) => item }),
  )
  const after = code((ctx) =>
    ctx.map(
      'm',
      ['a', 'b'],
      async (branch, item) => {
        if (item === 'b') await branch.step('look', () => 1)
        return branch.step('s', () => item)
      },
      { key: (item) => item },
    ),
  )
  const gained = ['m › b › look#1']
  expect(await replay(events, after)).toMatchObject({ ok: false, gained, notReached: ['m › b › s#1'] })
  const verdict = await replay(events, after, { given: { 'm › b › look': 1 } })
  expect(verdict).toMatchObject({ ok: true, gained, notReached: [] })
})

test('a divergence behind a gained step is found once its outcome is given; what no body could be given is refused', async () => {
  const events = await recorded(async (ctx) => {
    await ctx.step('x', () => 1)
    await ctx.step('y', () => 1)
  })
  const after = code(async (ctx) => {
    await ctx.step('new', () => 1)
    await ctx.sleep('x', 1)
  })
  expect((await replay(events, after)).diverged).toBeUndefined()
  const verdict = await replay(events, after, { given: { new: 1 } })
  expect(verdict).toMatchObject({
    ok: false,
    diverged: { step: 'x' },
    unclaimed: [],
    notReached: ['x#1', 'y#1'],
  })
  await expect(replay(events, after, { given: { new: () => 1 } })).rejects.toMatchObject({
    code: 'not_serializable',
  })
})

test('another kind under the same name is a divergence, naming both', async () => {
  const events = await recorded((ctx) => ctx.step('x', () => 1))
  const verdict = await replay(
    events,
    code((ctx) => ctx.sleep('x', 1)),
  )
  expect(verdict.ok).toBe(false)
  expect(verdict.diverged).toMatchObject({ step: 'x', recorded: 'as a step', reached: 'as a sleep' })
})

test('time and chance that a replay cannot repeat are reported; in a step they are free', async () => {
  const run = async (ctx: Context) => {
    await ctx.step('free', () => [Date.now(), Math.random(), crypto.randomUUID()])
    return [Date.now(), Math.random(), crypto.randomUUID()].length
  }
  const verdict = await replay(await recorded(run), code(run))
  expect(verdict.ambient.map((use) => use.function)).toEqual(['Date.now', 'Math.random', 'crypto.randomUUID'])
})

test('in development, open warns once of each', async () => {
  const warnings: string[] = []
  const silent = () => {}
  const careless = code(async (ctx) => {
    for (let i = 0; i < 3; i++) await ctx.step(`s${Math.random() > 2 ? 'x' : i}`, () => i)
  })
  const logger = {
    debug: silent,
    info: silent,
    warn: (line: string) => void warnings.push(line),
    error: silent,
  }
  const others: string[] = []
  const other = await testbed({ tasks: [], logger: { ...logger, warn: (line) => void others.push(line) } })
  const bed = await testbed({ tasks: [careless], logger })
  await (await bed.start('original', {})).result()
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('ctx.random()')
  expect(others).toEqual([]) // what is carried elsewhere in this process is not its own
  await other.close()
  await bed.close()
})
