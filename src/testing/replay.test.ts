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
  expect(verdict).toEqual({ ok: true, diverged: undefined, unclaimed: [], gained: [], ambient: [] })
  expect(effects).toBe(1)
  await bed.close()
})

test('steps that code lost and gained are named', async () => {
  const events = await recorded(async (ctx) => {
    await ctx.step('kept', () => 1)
    await ctx.step('lost', () => 2)
  })
  const verdict = await replay(
    events,
    code(async (ctx) => {
      await ctx.step('kept', () => 1)
      await ctx.step('gained', () => 2)
    }),
  )
  expect(verdict).toMatchObject({ ok: false, unclaimed: ['lost#1'], gained: ['gained#1'] })
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
  const bed = await testbed({ tasks: [careless], logger })
  await (await bed.start('original', {})).result()
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('ctx.random()')
  await bed.close()
})
