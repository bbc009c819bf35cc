import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const rule = (name: string) => ({
  target: 'list',
  forbid: `value.vendors.exists(v, v == '${name}')`,
})

const choose = task({
  name: 'choose',
  async run(ctx) {
    await ctx.decide({ subject: 'vendor:acme', choice: 'out', because: 'No report', rule: rule('acme') })
    await ctx.step('half', () => 'way')
    const { id } = await ctx.decide({
      subject: 'vendor:bolt',
      choice: 'out',
      because: 'Late',
      rule: rule('bolt'),
    })
    const go = (await ctx.wait('go')) as { vendor: string; lift?: boolean }
    if (go.lift)
      await ctx.decide({ subject: 'vendor:bolt', choice: 'in', because: 'On time now', supersedes: id })
    return ctx.checkpoint('list', { vendors: [go.vendor] }).then(
      () => 'passed',
      (error: Error) => ('code' in error ? error.code : error.message),
    )
  },
})

async function forkedAt(at: string) {
  const bed = await testbed({ tasks: [choose] })
  const run = await bed.start(choose, {}, { scope: 'purchasing' })
  await bed.settle()
  const fork = await run.fork({ at })
  await bed.settle()
  const after = async (one: typeof run, go: unknown) => {
    await one.signal('go', go)
    await bed.settle()
    return one.result()
  }
  return { bed, run, fork, after }
}

test('what the original decided after the fork left it does not bind the fork; what came before does', async () => {
  const { bed, run, fork, after } = await forkedAt('half')
  // The fork decides about bolt itself, and not yet.
  await bed.tl.memory.decide({
    subject: 'vendor:cedar',
    choice: 'out',
    because: 'Ada',
    scope: 'purchasing',
    rule: rule('cedar'),
  })
  expect(await after(run, { vendor: 'bolt' })).toBe('decision_conflict')
  expect(await after(fork, { vendor: 'cedar' })).toBe('decision_conflict')
  await bed.close()
})

test('a decision that the original replaced after the fork left it is still live in the fork', async () => {
  const { bed, run, fork, after } = await forkedAt('decide vendor:bolt')
  expect(await after(run, { vendor: 'bolt', lift: true })).toBe('passed')
  expect(await after(fork, { vendor: 'bolt' })).toBe('decision_conflict')
  expect(await after(await run.fork({ at: 'half' }), { vendor: 'acme' })).toBe('decision_conflict')
  await bed.close()
})

test('and a decision of the original is not there in a fork from before it', async () => {
  const only = task({
    name: 'only',
    async run(ctx) {
      await ctx.step('half', () => 'way')
      if (await ctx.step('late', () => true)) await ctx.wait('go')
      const decided = (await ctx.wait('decide')) as boolean
      if (decided)
        await ctx.decide({ subject: 'vendor:bolt', choice: 'out', because: 'Late', rule: rule('bolt') })
      return ctx.checkpoint('list', { vendors: ['bolt'] }).then(
        () => 'passed',
        () => 'stopped',
      )
    },
  })
  const bed = await testbed({ tasks: [only] })
  const run = await bed.start(only, {}, { scope: 'purchasing' })
  await bed.settle()
  const fork = await run.fork({ at: 'half' })
  await bed.settle()
  await run.signal('go')
  await run.signal('decide', true)
  await bed.settle()
  expect(await run.result()).toBe('stopped')
  await fork.signal('go')
  await fork.signal('decide', false)
  await bed.settle()
  expect(await fork.result()).toBe('passed')
  await bed.close()
})

test('recall and the brief of a fork leave out what the original decided since; the brief has what it replaced', async () => {
  const looking = task({
    name: 'looking',
    async run(ctx) {
      const { id } = await ctx.decide({ subject: 'colour', choice: 'green', because: 'Ada likes it' })
      await ctx.step('half', () => 'way')
      if ((await ctx.wait('go')) === 'on') {
        await ctx.decide({ subject: 'paper', choice: 'thick', because: 'It lasts' })
        await ctx.decide({ subject: 'colour', choice: 'blue', because: 'Bo likes it', supersedes: id })
      }
      await ctx.wait('look')
      return (await ctx.recall({ query: 'paper' })).map(({ item }) => item.statement)
    },
  })
  const bed = await testbed({ tasks: [looking] })
  const run = await bed.start(looking, {}, { scope: 'house' })
  await bed.settle()
  const fork = await run.fork({ at: 'half' })
  await bed.settle()
  for (const [one, go] of [
    [run, 'on'],
    [fork, 'back'],
  ] as const) {
    await one.signal('go', go)
    await bed.settle()
  }
  const briefs = await Promise.all([run, fork].map(async ({ id }) => (await bed.tl.brief(id)).markdown))
  expect(briefs.map((text) => ['green', 'blue', 'thick'].map((word) => text.includes(`: ${word}.`)))).toEqual(
    [
      [false, true, true],
      [true, false, false],
    ],
  )
  for (const one of [run, fork]) {
    await one.signal('look')
    await bed.settle()
  }
  expect(await run.result()).toContain('paper: thick')
  expect(await fork.result()).not.toContain('paper: thick')
  await bed.close()
})
