/** What breaks if Restate gives a call up, and this worker hears of it late, or has another call for the same run? */
import { expect, test } from 'vitest'
import { openStore } from '../../app/index.ts'
import type { Carrier } from '../../run/index.ts'
import { SimulatedClock } from '../../testing/index.ts'
import { Holds } from './holds.ts'

const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

/** A worker whose runs are at work until they are let go of, and take their time for that. */
function worker() {
  const clock = new SimulatedClock(() => turns())
  const log = openStore('memory:', { clock })
  const said: string[] = []
  const atWork = new Set<string>()
  let letGo = () => {}
  const carrier: Carrier = {
    advance(run) {
      said.push(`advance ${run}`)
      atWork.add(run)
      return Promise.resolve()
    },
    isAdvancing: (run) => atWork.has(run),
    fence(run) {
      said.push(`fence ${run}`)
      atWork.delete(run)
    },
    yield: () => new Promise((resolve) => (letGo = resolve)),
    confirm: () => Promise.resolve(true),
  }
  const ticks = {
    now: () => clock.now(),
    after: (ms: number, fire: () => void) => clock.at(clock.now() + ms, fire),
  }
  const holds = new Holds({
    log,
    clock,
    ticks,
    carrier,
    concurrency: 4,
    abandoned: () => {},
    failed: () => {},
  })
  return { holds, said, yielded: () => letGo() }
}

test('a call that is given up while the one before it lets go of the run carries nothing', async () => {
  const { holds, said, yielded } = worker()
  const [first, second] = [new AbortController(), new AbortController()]
  const carried = [holds.carry('run_a', first.signal)]
  await turns()
  first.abort()
  carried.push(holds.carry('run_a', second.signal))
  await turns()
  second.abort()
  yielded()
  await Promise.all(carried)
  expect(said).toEqual(['advance run_a', 'fence run_a'])
})

test('a call whose run is called for once more is over, and its end lets go of nothing', async () => {
  const { holds, said } = worker()
  const [first, second] = [new AbortController(), new AbortController()]
  const displaced = holds.carry('run_a', first.signal)
  await turns()
  void holds.carry('run_a', second.signal)
  await displaced
  first.abort() // heard late
  await turns()
  expect(said).toEqual(['advance run_a', 'advance run_a'])
  expect(holds.has('run_a')).toBe(true)
})
