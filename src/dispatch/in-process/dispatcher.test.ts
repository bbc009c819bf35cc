import { expect, test } from 'vitest'
import { open, task, type Clock } from 'throughline'
import { eventOf } from '../../log/index.ts'
import { events as runs } from '../../run/index.ts'
import { dispatcherContract, openStore, reroute, SimulatedClock, type Way } from '../../testing/index.ts'
import { InProcessDispatcher } from './index.ts'

dispatcherContract({ name: 'in one process', test, expect, open: (parts) => new InProcessDispatcher(parts) })

/** Time passes whenever somebody looks: between any two things the layer does. */
function restlessClock(): Clock {
  let now = 1_000_000
  return {
    now: () => ++now,
    at(at, fire) {
      const timer = setImmediate(() => {
        now = Math.max(now, at)
        fire()
      })
      return () => clearImmediate(timer)
    },
  }
}

test('a wake-up that falls due while its run is coming to rest is not lost', async () => {
  const naps = task({
    name: 'naps',
    async run(ctx) {
      for (let i = 1; i <= 30; i++) {
        await ctx.all({ short: (b) => b.sleep('nap', i % 10), long: (b) => b.sleep('nap', (i * 3) % 17) })
      }
      return 'awake'
    },
  })
  await using tl = await open({ store: 'memory:', tasks: [naps], clock: restlessClock() })
  const handles = await Promise.all(Array.from({ length: 5 }, () => tl.start(naps, undefined)))
  expect(await Promise.all(handles.map((run) => run.result()))).toEqual(
    Array.from({ length: 5 }, () => 'awake'),
  )
})

/** A dispatcher over a store of the test's, what it handed out, and runs that are due. */
async function over(ask: Way, { isInVain = false } = {}) {
  const turns = async () => {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  }
  const clock = new SimulatedClock(turns)
  const store = openStore('memory:', { clock })
  const handed: string[] = []
  const carrier = {
    isAdvancing: () => false,
    fence: () => {},
    yield: () => Promise.resolve(),
    confirm: () => Promise.resolve(true),
    async advance(run: string) {
      handed.push(run)
      if (isInVain) return
      const events = [eventOf(runs.runDone, { v: null })]
      await store.commit({ appends: [{ stream: run, expected: 'any', events }] })
    },
  }
  const dispatcher = new InProcessDispatcher({ log: reroute(store, { ask }), clock, carrier, concurrency: 2 })
  const due = (run: string) => {
    const events = [
      eventOf(runs.runStarted, { run, task: 't', version: '1', input: null, seed: 's', chapter: 1 }),
    ]
    return store.commit({ appends: [{ stream: run, expected: { new: true }, events }] })
  }
  return { clock, dispatcher, handed, due, turns }
}

test('a look that fails is made again after a pause, and nothing that was due is forgotten', async () => {
  let failures = 3
  const { clock, dispatcher, handed, due, turns } = await over((read) =>
    failures-- > 0 ? Promise.reject(new Error('lost')) : read(),
  )
  await due('run_a')
  dispatcher.start()
  await turns()
  expect([handed, dispatcher.busy]).toEqual([[], 0])
  await clock.advance('1m')
  expect(handed).toEqual(['run_a'])
})

test('what falls due while the store is being asked is found by asking once more', async () => {
  let answer = () => {}
  let isHeld = true
  const { dispatcher, handed, due, turns } = await over(async (read) => {
    const found = await read()
    if (isHeld) await new Promise<void>((resolve) => (answer = resolve))
    return found
  })
  dispatcher.start()
  await turns()
  await due('run_a')
  dispatcher.look()
  isHeld = false
  answer()
  await turns()
  expect(handed).toEqual(['run_a'])
})

test('stopping waits for the question that is under way, and hands out nothing of its answer', async () => {
  let answer = () => {}
  const { dispatcher, handed, due, turns } = await over(async (read) => {
    const found = await read()
    await new Promise<void>((resolve) => (answer = resolve))
    return found
  })
  await due('run_a')
  dispatcher.start()
  await turns()
  let isStopped = false
  const stopped = dispatcher.stop().then(() => (isStopped = true))
  await turns()
  expect(isStopped).toBe(false)
  answer()
  await stopped
  expect(handed).toEqual([])
})

test('a wake-up that was to no avail is tried again after a while, and not before', async () => {
  const { clock, dispatcher, handed, due, turns } = await over((read) => read(), { isInVain: true })
  await due('run_a')
  dispatcher.start()
  await turns()
  dispatcher.look()
  await clock.advance('59s')
  expect(handed).toEqual(['run_a'])
  await clock.advance('1s')
  expect(handed).toEqual(['run_a', 'run_a'])
})
