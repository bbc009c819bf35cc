import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const errand = task({ name: 'errand', run: (ctx) => ctx.wait('back') })
const parent = task({
  name: 'parent',
  async run(ctx) {
    await ctx.decide({ subject: 'own', choice: 'mine', because: 'It is this run that says so' })
    const before = await ctx.news()
    await ctx.call(errand, {})
    const meanwhile = await ctx.news()
    await ctx.wait('once more')
    return [before, meanwhile, await ctx.news()].map((news) =>
      news.map(({ subject, version }) => [subject, version]),
    )
  },
})

test('a parent is told what was decided while its child was away, once, and again on replay', async () => {
  const bed = await testbed({ tasks: [parent, errand] })
  await bed.tl.memory.decide({ subject: 'old', choice: 'a', because: 'Long ago', scope: 'house' })
  await bed.clock.advance('1h')
  const run = await bed.start(parent, {}, { scope: 'house/kitchen' })
  await bed.settle()
  const said = await bed.tl.memory.decide({
    subject: 'colour',
    choice: 'green',
    because: 'Ada',
    scope: 'house',
  })
  await bed.tl.memory.decide({ subject: 'elsewhere', choice: 'x', because: 'y', scope: 'office' })
  await bed.tl.memory.withdraw(said.id, { because: 'Bo' })
  const [child] = (await bed.tl.runs.list({ task: 'errand' })).runs
  await (await bed.tl.run(child?.id ?? '')).signal('back')
  await bed.settle()
  await bed.crash()
  await (await bed.tl.run(run.id)).signal('once more')
  await bed.settle()
  expect(await (await bed.tl.run(run.id)).result()).toEqual([[], [['colour', 2]], []])
  await bed.close()
})
