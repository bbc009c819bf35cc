import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { replay, testbed } from '../testing/index.ts'

const excludes = task({
  name: 'excludes',
  async run(ctx) {
    const { id } = await ctx.decide({
      subject: 'vendor:acme',
      choice: 'excluded',
      because: 'No SOC 2 report',
    })
    await ctx.wait('go')
    const promise = await ctx.remember({
      kind: 'commitment',
      subject: 'report',
      statement: 'Ask again in May',
    })
    return [id, promise.id]
  },
})

test('what a run decides is kept once, whatever crashes, and says whose it is', async () => {
  const bed = await testbed({ tasks: [excludes] })
  const { id } = await bed.start(excludes, {}, { scope: 'purchasing' })
  await bed.settle()
  await bed.crash()
  await bed.settle()
  const run = await bed.run(id)
  await run.signal('go')
  const kept = (await run.result()) as string[]
  const { items } = await bed.tl.memory.list({ scope: 'purchasing' })
  expect(items.map((item) => item.id)).toEqual(kept.toReversed())
  expect(items.map(({ run: of, author, scope }) => [of, author, scope])).toEqual([
    [id, id, 'purchasing'],
    [id, id, 'purchasing'],
  ])
  expect((await bed.tl.verify()).breaks).toEqual([])
  expect(await replay(bed.tl.history(id), excludes)).toMatchObject({ diverged: undefined })
  await bed.close()
})

test('what is refused reaches the body as an error, and a replay the same', async () => {
  let isFirst = true
  const careless = task({
    name: 'careless',
    async run(ctx) {
      const code = await ctx
        .decide({ subject: 'x', choice: 'y', because: '' })
        .catch((error: { code?: string }) => error.code)
      if (isFirst) await ctx.wait('go')
      return code
    },
  })
  const bed = await testbed({ tasks: [careless] })
  const { id } = await bed.start(careless, {})
  await bed.settle()
  isFirst = false
  await bed.crash()
  await bed.settle()
  expect(await (await bed.run(id)).result()).toBe('bad_item')
  expect((await bed.tl.memory.list()).items).toEqual([])
  await bed.close()
})

test('runs that supersede one item at once: one wins, the others are told', async () => {
  const reviser = task({
    name: 'reviser',
    async run(ctx, target: { id: string }) {
      return ctx
        .decide({
          subject: 'vendor:acme',
          choice: `by ${ctx.run.id}`,
          because: 'reviewed',
          supersedes: { id: target.id, version: 1 },
        })
        .then(
          () => 'won',
          (error: { code?: string }) => error.code,
        )
    },
  })
  const bed = await testbed({ tasks: [reviser] })
  const { id } = await bed.tl.memory.decide({ subject: 'vendor:acme', choice: 'in', because: 'cheap' })
  const runs = await Promise.all(Array.from({ length: 8 }, () => bed.start(reviser, { id })))
  await bed.settle()
  const ends = await Promise.all(runs.map((run) => run.result()))
  expect(ends.filter((end) => end === 'won')).toHaveLength(1)
  expect(ends.filter((end) => end === 'item_changed')).toHaveLength(7)
  expect((await bed.tl.memory.list()).items).toHaveLength(1)
  await bed.close()
})
