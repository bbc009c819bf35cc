import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const nudger = task({
  name: 'nudger',
  async run(ctx) {
    for (let nudges = 0; ; nudges++) {
      const first = await ctx.race({
        ok: (branch) => branch.wait('ok'),
        nudge: (branch) => branch.sleep('pause', '1h'),
      })
      if (first.winner === 'ok') return { approved: first.value, nudges }
    }
  },
})

test('the loser of a race does not swallow a later message', async () => {
  const bed = await testbed({ tasks: [nudger] })
  const { id } = await bed.start(nudger, {})
  await bed.clock.advance('1h') // the nudge wins the first round
  await (await bed.run(id)).signal('ok', true)
  await bed.crash() // and replay must agree
  expect(await (await bed.run(id)).result()).toEqual({ approved: true, nudges: 1 })
  await bed.close()
})

test('a timer and a message both due after downtime are settled in the order of their times', async () => {
  const bed = await testbed({ tasks: [nudger] })
  const { id } = await bed.start(nudger, {})
  await bed.clock.advance('59m')
  await (await bed.run(id)).signal('ok', 'in time')
  await bed.crash()
  await bed.clock.advance('2h')
  expect(await (await bed.run(id)).result()).toEqual({ approved: 'in time', nudges: 0 })
  await bed.close()
})

test('a race of many messages loses none of them', async () => {
  const collector = task({
    name: 'collector',
    async run(ctx) {
      const got: unknown[] = []
      for (let i = 0; i < 6; i++) {
        const { winner, value } = await ctx.race({ a: (b) => b.wait('a'), b: (b) => b.wait('b') })
        got.push([winner, value])
      }
      return got
    },
  })
  const bed = await testbed({ tasks: [collector] })
  const { id } = await bed.start(collector, {})
  for (let i = 0; i < 3; i++) {
    const run = await bed.run(id)
    await run.signal('a', i)
    await run.signal('b', i)
    if (i === 1) await bed.crash()
  }
  const got = (await (await bed.run(id)).result()) as unknown[]
  expect(got).toHaveLength(6)
  expect(new Set(got.map((one) => JSON.stringify(one))).size).toBe(6)
  await bed.close()
})

test('a branch that throws first loses the race for all', async () => {
  const failing = task({
    name: 'failing-race',
    run: (ctx) =>
      ctx
        .race({
          bad: (b) =>
            b.step('bad', () => {
              throw new TypeError('no')
            }),
          slow: (b) => b.wait('never'),
        })
        .catch((error: unknown) => (error instanceof TypeError ? error.message : 'another')),
  })
  const bed = await testbed({ tasks: [failing] })
  expect(await (await bed.start(failing, {})).result()).toBe('no')
  await bed.close()
})

test('a child called in a losing branch is let go with it', async () => {
  const child = task({ name: 'slow-child', run: (ctx) => ctx.wait('never') })
  const parent = task({
    name: 'racing-parent',
    async run(ctx) {
      const { winner } = await ctx.race({ child: (b) => b.call(child, {}), time: (b) => b.sleep('t', '1h') })
      return winner
    },
  })
  const bed = await testbed({ tasks: [parent, child] })
  const run = await bed.start(parent, {})
  await bed.clock.advance('2h')
  expect(await run.result()).toBe('time')
  await bed.settle()
  const { runs } = await bed.tl.runs.list({ task: 'slow-child' })
  expect(runs.map((one) => one.status)).toEqual(['cancelled'])
  await bed.close()
})

test('an empty race is refused', async () => {
  const empty = task({ name: 'empty', run: (ctx) => ctx.race({}) })
  const bed = await testbed({ tasks: [empty] })
  await expect((await bed.start(empty, {})).result()).rejects.toMatchObject({ mode: 'bad_operation' })
  await bed.close()
})
