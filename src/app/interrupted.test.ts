import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { SimulatedClock } from '../testing/index.ts'
import { open, openStore } from './index.ts'

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Rests on its record, for a wait, while its other branch is in an await that no record shows. */
const hidden = (how: { isStuck: boolean }) =>
  task({
    name: 'hidden',
    run: (ctx) =>
      ctx.race({
        answer: (branch) => branch.wait('answer'),
        work: async (branch) => {
          if (how.isStuck) await new Promise(() => {})
          return branch.step('work', () => 'worked')
        },
      }),
  })

function place() {
  const clock = new SimulatedClock(() => turns(60))
  const store = openStore('memory:', { clock })
  const how = { isStuck: true }
  const options = { store, clock, tasks: [hidden(how)], lingerMs: 0, logger: silent }
  return { clock, store, how, options }
}

test('a run at rest when its process went is looked at, however long ago that was, and whatever clients wrote since', async () => {
  const { clock, how, options } = place()
  const first = await open(options)
  const { id } = await first.start('hidden', {})
  await clock.advance('1s')
  await first.close()
  await clock.advance('2h')
  const client = await open({ ...options, worker: false })
  await client.start('hidden', {}, { at: new Date(clock.now() + 3_600_000) })
  how.isStuck = false
  const next = await open(options)
  await clock.advance('1s')
  expect(await (await next.run(id)).status()).toBe('done')
  await next.close()
})

test('a process that goes before it has looked at all leaves the rest to the next', async () => {
  const { clock, store, how, options } = place()
  const first = await open(options)
  const runs = await Promise.all(Array.from({ length: 60 }, () => first.start('hidden', {})))
  await clock.advance('1s')
  await first.close()
  await clock.advance('2h')
  how.isStuck = false
  const second = await open(options)
  await clock.advance(50)
  await second.close()
  const open_ = await store.select('runs', { where: { status: 'waiting' } })
  expect(open_.length).toBeGreaterThan(20) // it was too short for all
  await clock.advance('2h')
  const third = await open(options)
  await clock.advance('10s')
  expect(await Promise.all(runs.map((run) => third.run(run.id).then((one) => one.status())))).toEqual(
    runs.map(() => 'done'),
  )
  await third.close()
})
