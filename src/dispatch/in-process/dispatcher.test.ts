import { expect, test } from 'vitest'
import { open, task, type Clock } from 'throughline'
import { dispatcherContract } from '../../testing/index.ts'
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
  const runs = await Promise.all(Array.from({ length: 5 }, () => tl.start(naps, undefined)))
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(Array.from({ length: 5 }, () => 'awake'))
})
