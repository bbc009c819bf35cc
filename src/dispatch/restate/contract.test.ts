import { expect, test } from 'vitest'
import { eventOf, type Clock, type Log } from '../../log/index.ts'
import { events, type Carrier, type Dispatcher } from '../../run/index.ts'
import { openStore } from '../../app/index.ts'
import { dispatcherContract, SimulatedClock } from '../../testing/index.ts'
import type { Host } from '../../../test/restate/simulated/link.ts'
import { SimulatedRestate } from '../../../test/restate/simulated/restate.ts'
import type { Ticks } from '../ticks.ts'
import { RestateDispatcher } from './worker.ts'

interface Parts {
  readonly log: Log
  readonly clock: Clock
  readonly carrier: Carrier
  readonly concurrency: number
}

const A_MOMENT_MS = 250
const TASKS = [{ name: 't', versions: ['1'] }]

/** Moments pass at once; anything longer when the clock says so. */
const ticksBy = (clock: Clock): Ticks => ({
  now: () => clock.now(),
  after(ms, fire) {
    if (ms >= A_MOMENT_MS) return clock.at(clock.now() + ms, fire)
    const soon = setImmediate(fire)
    return () => clearImmediate(soon)
  },
})

const simulatedBy = (clock: Clock): SimulatedRestate => new SimulatedRestate({ clock, ticks: ticksBy(clock) })

/** A process that nothing befalls. */
const host: Host = {
  name: 'the worker',
  isDead: false,
  isReached: true,
  reached: () => Promise.resolve(),
  ask: <T>(question: () => Promise<T>) => question(),
}

async function behind(
  simulated: SimulatedRestate,
  parts: Parts,
  at: Host = host,
): Promise<RestateDispatcher> {
  const dispatcher = new RestateDispatcher({
    ...parts,
    wire: simulated.wireOf(at),
    ticks: ticksBy(parts.clock),
    store: 'life-1',
    tasks: TASKS,
    random: () => 0.5,
    told: () => {},
  })
  await dispatcher.begin()
  return dispatcher
}

dispatcherContract({
  name: 'by way of Restate',
  test,
  expect,
  open: async (parts) => {
    const simulated = simulatedBy(parts.clock)
    const dispatcher = await behind(simulated, parts)
    const wakeAll = async () => {
      const rows = await parts.log.select('runs', { where: { ended_at: null }, columns: ['run'] })
      for (const { run } of rows) dispatcher.wake(String(run))
    }
    let asking = 0
    return {
      get busy() {
        return asking + Math.max(dispatcher.busy, simulated.underWay)
      },
      start: () => dispatcher.start(),
      wake: (run) => dispatcher.wake(run),
      rearm: () => dispatcher.rearm(),
      released: (run) => dispatcher.released(run),
      stop: () => dispatcher.stop(),
      // Behind Restate whoever writes tells it so; the contract's writer does not know of it.
      look() {
        asking++
        void wakeAll().finally(() => asking--)
        dispatcher.look()
      },
      close: () => dispatcher.close(),
    } satisfies Dispatcher
  },
})

/** A store, a Restate and a worker whose runs end as soon as they are handed out, or rest as they are told to. */
async function world(rests: (run: string, times: number) => number | undefined = () => undefined) {
  let settle = () => Promise.resolve()
  const clock = new SimulatedClock(() => settle())
  const log = openStore('memory:', { clock })
  const simulated = simulatedBy(clock)
  const handed: string[] = []
  /** Runs that stay in memory, at whichever worker. */
  const kept = new Set<string>()
  const carrier: Carrier = {
    isAdvancing: (run) => kept.has(run),
    fence: () => {},
    yield: () => Promise.resolve(),
    confirm: () => Promise.resolve(true),
    async advance(run) {
      handed.push(run)
      const until = rests(run, handed.filter((one) => one === run).length)
      const end =
        until === undefined
          ? eventOf(events.runDone, { v: null })
          : eventOf(events.runSuspended, { waits: [], ...(until < Infinity ? { due: until } : {}) })
      const claim = eventOf(events.runClaimed, { by: 'test' })
      await log.commit({ appends: [{ stream: run, expected: 'any', events: [claim, end] }] })
    },
  }
  const join = (at = host) => behind(simulated, { log, clock, carrier, concurrency: 4 }, at)
  const dispatcher = await join()
  settle = async () => {
    for (let quiet = 0; quiet < 20; await new Promise(setImmediate))
      quiet = dispatcher.busy + simulated.underWay > 0 ? 0 : quiet + 1
  }
  const start = async (run: string) => {
    const body = { run, task: 't', version: '1', input: null, seed: 's', chapter: 1 }
    await log.commit({
      appends: [{ stream: run, expected: { new: true }, events: [eventOf(events.runStarted, body)] }],
    })
    dispatcher.wake(run)
  }
  const end = async () => {
    await dispatcher.stop()
    await dispatcher.close()
    await log.close()
  }
  return { clock, log, simulated, handed, kept, join, dispatcher, start, settle, end }
}

test('a wake-up that is lost on its way is sent again', async () => {
  const { clock, simulated, handed, dispatcher, start, settle, end } = await world()
  dispatcher.start()
  simulated.loses = true
  await start('run_a')
  await settle()
  expect(handed).toEqual([])
  simulated.loses = false
  await clock.advance('15s')
  expect(handed).toEqual(['run_a'])
  await end()
})

test('a timer that Restate lost is found in the store when it is due', async () => {
  const { clock, simulated, handed, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? clock.now() + 60_000 : undefined,
  )
  dispatcher.start()
  await start('run_a')
  await settle()
  simulated.loses = true
  await clock.advance('30s')
  simulated.forget()
  simulated.loses = false
  await clock.advance('29s')
  expect(handed).toEqual(['run_a'])
  await clock.advance('15s')
  expect(handed).toEqual(['run_a', 'run_a'])
  await end()
})

test('a body that went on after its run was put out of memory is carried again, though its row says that it rests', async () => {
  const { clock, handed, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? Infinity : undefined,
  )
  await start('run_a')
  await settle()
  dispatcher.wake('run_a')
  await settle()
  expect(handed).toEqual(['run_a'])
  await clock.advance('2m')
  dispatcher.wake('run_a', true)
  await settle()
  expect(handed).toEqual(['run_a', 'run_a'])
  await end()
})

test('a run that had been in memory for long when its worker died is looked at by another', async () => {
  const { clock, handed, kept, join, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? Infinity : undefined,
  )
  await dispatcher.stop()
  const mortal = { ...host, isDead: false }
  await join(mortal)
  kept.add('run_a')
  await start('run_a')
  await settle()
  await clock.advance('2m')
  expect(handed).toEqual(['run_a'])
  await join()
  mortal.isDead = true
  await clock.advance('10s')
  expect(handed).toEqual(['run_a', 'run_a'])
  kept.clear()
  await end()
})

test('that a body went on after its run was put out of memory is told again, when that is lost on its way', async () => {
  const { clock, simulated, handed, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? Infinity : undefined,
  )
  dispatcher.start()
  await start('run_a')
  await settle()
  simulated.loses = true
  dispatcher.wake('run_a', true)
  await clock.advance('1s')
  expect(handed).toEqual(['run_a'])
  simulated.loses = false
  await clock.advance('10s')
  expect(handed).toEqual(['run_a', 'run_a'])
  await clock.advance('1m')
  expect(handed).toHaveLength(2)
  await end()
})

test('a run that was in memory when Restate was set up anew is looked at again', async () => {
  const { clock, simulated, handed, kept, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? Infinity : undefined,
  )
  dispatcher.start()
  kept.add('run_a')
  await start('run_a')
  await settle()
  simulated.forget()
  kept.clear()
  await clock.advance('30s')
  expect(handed).toEqual(['run_a', 'run_a'])
  await end()
})

test('a run that a worker puts out of memory because it stops is looked at by another', async () => {
  const { clock, handed, kept, join, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? Infinity : undefined,
  )
  await dispatcher.stop()
  const leaving = await join()
  kept.add('run_a')
  await start('run_a')
  await settle()
  await join()
  const stopped = leaving.stop()
  kept.clear()
  await clock.advance('1s')
  await stopped
  expect(handed).toEqual(['run_a', 'run_a'])
  await end()
})

test('a call that is made again asks Restate the same as before, whatever became of the run meanwhile', async () => {
  const { clock, simulated, handed, kept, join, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? Infinity : times === 2 ? clock.now() + 1000 : undefined,
  )
  await dispatcher.stop()
  const mortal = { ...host, isDead: false }
  const first = await join(mortal)
  await start('run_a')
  await settle()
  simulated.state.clear() // so that it is asked for, and the run is looked at
  kept.add('run_a')
  first.wake('run_a')
  await settle()
  expect(handed).toHaveLength(2)
  await join()
  mortal.isDead = true
  kept.clear()
  await clock.advance('30s')
  expect([handed.length, simulated.failed]).toEqual([3, []])
  await end()
})

test('of an ended run nothing stays behind at Restate', async () => {
  const { clock, simulated, handed, dispatcher, start, settle, end } = await world((_, times) =>
    times === 1 ? clock.now() + 60_000 : undefined,
  )
  dispatcher.start()
  await start('run_a')
  await settle()
  expect([...simulated.state.keys()]).toEqual(['t.v1/run_a'])
  await clock.advance('61s')
  expect([handed.length, [...simulated.state.keys()]]).toEqual([2, []])
  await end()
})

test('many wake-ups for one reason are one call', async () => {
  const { simulated, dispatcher, start, settle, end } = await world()
  dispatcher.start()
  await start('run_a')
  for (let i = 0; i < 20; i++) dispatcher.wake('run_a')
  await settle()
  expect(simulated.calls).toEqual(['t.v1/run_a'])
  await end()
})
