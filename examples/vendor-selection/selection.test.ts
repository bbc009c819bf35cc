import { expect, test } from 'vitest'
import { testbed } from 'throughline/testing'
import { pricing, selection } from './selection.ts'

const DAYS = { seats: 40, day: '1d' }

test('what was decided on the second day stops the third day’s recommendation, in a process that was not there', async () => {
  const bed = await testbed({ tasks: [selection, pricing] })
  const { id } = await bed.start(selection, DAYS, { scope: 'purchasing' })
  await bed.settle()
  await bed.clock.advance('1d')
  const { items } = await bed.tl.memory.list({ scope: 'purchasing' })
  expect(items.map(({ subject }) => subject)).toEqual(['vendor:elm', 'vendor:birch'])
  await bed.crash()
  await bed.clock.advance('1d')
  const run = await bed.run(id)
  expect(await run.result()).toEqual({
    vendors: [
      { name: 'cedar', price: 960 },
      { name: 'fir', price: 1080 },
    ],
  })
  const passings = (await Array.fromAsync(run.history())).filter(({ name }) => name?.startsWith('checkpoint'))
  expect(passings.map(({ kind, name }) => [kind, name])).toEqual([
    ['keep.refused', 'checkpoint recommendation'],
    ['keep.done', 'checkpoint recommendation'],
  ])
  expect(passings[0]?.body).toContain('It has no SOC 2 report')
  expect(passings[0]?.body).toContain('vendors[0].name')
  await bed.close()
})

test('a decision that somebody took back while the run slept stops nothing', async () => {
  const bed = await testbed({ tasks: [selection, pricing] })
  const { id } = await bed.start(selection, DAYS, { scope: 'purchasing' })
  await bed.settle()
  await bed.clock.advance('1d')
  for (const item of (await bed.tl.memory.list({ scope: 'purchasing' })).items)
    await bed.tl.memory.withdraw(item.id, { because: 'the report arrived', by: 'ada' })
  await bed.clock.advance('1d')
  expect(await (await bed.run(id)).result()).toMatchObject({ vendors: [{ name: 'birch' }, { name: 'elm' }] })
  await bed.close()
})
