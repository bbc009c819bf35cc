import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { replay, testbed } from '../testing/index.ts'
import { planOf } from './plan.ts'

const migration = task({
  name: 'migration',
  async run(ctx) {
    await ctx.plan([
      { id: 'dump', title: 'Dump the old database' },
      { id: 'load', title: 'Load it into the new one' },
    ])
    await ctx.plan.done('dump', '12 GB')
    await ctx.wait('go')
    await ctx.plan([
      { id: 'dump', title: 'Dump the old database' },
      { id: 'index', title: 'Build the indexes first' },
    ])
    return ctx.plan.done('load').catch((error: { code?: string }) => error.code)
  },
})

test('a plan is on the record, survives a crash, and keeps what was done when it changes', async () => {
  const bed = await testbed({ tasks: [migration] })
  const { id } = await bed.start(migration, {})
  await bed.settle()
  await bed.crash()
  await bed.settle()
  const plan = async () =>
    (await planOf(bed.tl.log, id)).map(({ id: step, doneAt, note }) => [step, doneAt !== undefined, note])
  expect(await plan()).toEqual([
    ['dump', true, '12 GB'],
    ['load', false, undefined],
  ])
  const run = await bed.run(id)
  await run.signal('go')
  expect(await run.result()).toBe('bad_plan')
  const after = [
    ['dump', true, '12 GB'],
    ['index', false, undefined],
  ]
  expect(await plan()).toEqual(after)
  await bed.tl.rebuild()
  expect(await plan()).toEqual(after)
  expect(await replay(bed.tl.history(id), migration)).toMatchObject({ diverged: undefined })
  await bed.close()
})

test.each([
  [[{ id: 'a', title: '' }]],
  [
    [
      { id: 'a', title: 'x' },
      { id: 'a', title: 'y' },
    ],
  ],
  ['later' as never],
])('what is no plan is refused: %j', async (steps) => {
  const careless = task({
    name: 'careless',
    run: (ctx) => ctx.plan(steps).catch((error: { code?: string }) => error.code),
  })
  const bed = await testbed({ tasks: [careless] })
  expect(await (await bed.start(careless, {})).result()).toBe('bad_plan')
  await bed.close()
})
