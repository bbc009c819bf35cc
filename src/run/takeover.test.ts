/** What breaks if a generation is let go while something of it is on its way to the store? */
import { expect, test } from 'vitest'
import { open, openStore } from '../app/index.ts'
import { eventOf, type Change, type Log } from '../log/index.ts'
import { task, type AnyTask } from '../task/index.ts'
import { reroute, SimulatedClock } from '../testing/index.ts'
import { runClaimed } from './events.ts'
import { Registry, RunCarrier } from './index.ts'

const turns = async (count = 60) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const isOf = (kind: string) => (change: Change) =>
  change.appends.some(({ events }) => events.some((event) => event.kind === kind))

/** A carrier over a store that keeps the first commit of a kind to itself until the test says so. */
async function carrierOver(tasks: readonly AnyTask[], heldKind: string) {
  const clock = new SimulatedClock(() => turns())
  const store = openStore('memory:', { clock })
  const held = { isHere: false, release: () => {}, came: Promise.resolve('') }
  const commit: Log['commit'] = async (change) => {
    if (held.isHere || !isOf(heldKind)(change)) return store.commit(change)
    held.isHere = true
    await new Promise<void>((resolve) => (held.release = resolve))
    const came = store.commit(change)
    held.came = came.then(
      () => 'recorded',
      (error: unknown) => String((error as { code?: unknown }).code),
    )
    return came
  }
  let untilSure: Promise<void> | undefined
  const unsure = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    untilSure = promise
    return () => {
      untilSure = undefined
      resolve()
    }
  }
  const log = reroute(store, { commit, ask: (read) => read() })
  const carrier = new RunCarrier({
    surroundings: {
      log,
      clock,
      logger: silent,
      newId: (prefix) => `${prefix}_1`,
      random: () => 0,
      wake: () => {},
      features: [],
      rested: () => {},
      released: () => {},
      held: () => untilSure,
      attach: () => {},
      limits: { lingerMs: 1000, stalledMs: 300_000 },
      isDevelopment: false,
      isStrict: false,
    },
    registry: new Registry(tasks),
    name: 'the test',
    ended: () => {},
  })
  const client = await open({ store: log, worker: false, tasks, clock })
  return { carrier, client, clock, store, held, unsure }
}

const kindsOf = async (store: Log, run: string): Promise<readonly string[]> =>
  (await Array.fromAsync(store.read(run))).flat().map(({ kind }) => kind)

test('an outcome that was on its way when its run was let go is not recorded beside the next one', async () => {
  const naps = task({
    name: 'naps',
    async run(ctx) {
      await ctx.sleep('rest', '1m')
      await ctx.wait('ok')
    },
  })
  const { carrier, client, clock, store, held } = await carrierOver([naps], 'sleep.fired')
  const { id } = await client.start(naps, undefined)
  void carrier.advance(id)
  await clock.advance('2m')
  void carrier.advance(id)
  await turns()
  expect(held.isHere).toBe(true)
  carrier.fence(id) // nobody else came to claim it, and it comes back
  void carrier.advance(id)
  await turns()
  held.release()
  await turns()
  expect(await held.came).toBe('ownership_lost')
  expect((await kindsOf(store, id)).filter((kind) => kind === 'sleep.fired')).toHaveLength(1)
  expect((await kindsOf(store, id)).filter((kind) => kind === 'run.claimed')).toHaveLength(2)
  await store.close()
})

test("a run that was read for long and is somebody else's by then is not taken back", async () => {
  const waits = task({ name: 'waits', run: (ctx) => ctx.wait('ok') })
  const { carrier, client, clock, store, unsure } = await carrierOver([waits], 'nothing')
  const run = await client.start(waits, undefined)
  const sure = unsure() // cut off while it reads: another takes the run meanwhile
  const done = Promise.all([carrier.advance(run.id), carrier.advance(run.id), carrier.advance(run.id)])
  await turns()
  carrier.fence(run.id)
  sure()
  await done
  await clock.advance('1m')
  expect(await kindsOf(store, run.id)).toEqual(['run.started'])
  void carrier.advance(run.id) // its turn again
  await clock.advance('1m')
  expect(await kindsOf(store, run.id)).toEqual(['run.started', 'run.claimed', 'wait.opened', 'run.suspended'])
  await store.close()
})

test('a run that was put out of memory at rest is not taken over anew', async () => {
  const waits = task({ name: 'waits', run: (ctx) => ctx.wait('ok') })
  const { carrier, client, clock, store } = await carrierOver([waits], 'nothing')
  const run = await client.start(waits, undefined)
  void carrier.advance(run.id)
  await clock.advance('10s')
  expect(carrier.residents).toBe(0)
  await run.signal('ok', 1)
  await carrier.advance(run.id)
  expect(await kindsOf(store, run.id)).toEqual([
    'run.started',
    'run.claimed',
    'wait.opened',
    'run.suspended',
    'wait.answered',
    'run.done',
  ])
  await store.close()
})

test('that a run waits for code is noted once, however often it is looked at', async () => {
  const rare = task({ name: 'rare', run: (ctx) => ctx.wait('go') })
  const { carrier, client, store } = await carrierOver([], 'nothing')
  const run = await client.start(rare, undefined)
  await carrier.advance(run.id)
  await run.signal('go', 1)
  await carrier.advance(run.id)
  await carrier.advance(run.id)
  expect(await kindsOf(store, run.id)).toEqual(['run.started', 'run.claimed', 'run.suspended'])
  await store.close()
})

/** A run that is let go of while a commit of it is on its way; how that stands once it has come. */
async function yieldedWhileHeld(
  pays: AnyTask,
  { carrier, client, held }: Awaited<ReturnType<typeof carrierOver>>,
): Promise<string> {
  const { id } = await client.start(pays.name, undefined)
  void carrier.advance(id)
  await turns()
  expect(held.isHere).toBe(true)
  const left = carrier.yield(id)
  held.release()
  await left
  await turns()
  return id
}

test('a run that may be somebody else’s by now begins no effect, though its intent is on record', async () => {
  let charged = 0
  const pays = task({
    name: 'pays',
    run: (ctx) => ctx.step('charge', () => ++charged, { effect: 'once' }),
  })
  const place = await carrierOver([pays], 'step.intended')
  const id = await yieldedWhileHeld(pays, place)
  expect([charged, await kindsOf(place.store, id)]).toEqual([
    0,
    ['run.started', 'run.claimed', 'step.intended'],
  ])
  await place.client.close()
})

test('a run that may be somebody else’s by now records the effect that is in flight, and goes no further', async () => {
  const pays = task({
    name: 'pays',
    async run(ctx) {
      await ctx.step('charge', () => 1)
      await ctx.step('next', () => 2)
    },
  })
  const place = await carrierOver([pays], 'step.completed')
  const id = await yieldedWhileHeld(pays, place)
  expect(await kindsOf(place.store, id)).toEqual(['run.started', 'run.claimed', 'step.completed'])
  expect(place.carrier.isAdvancing(id)).toBe(false)
  await place.client.close()
})

test('a run that is lost while it is noted that it was late can be carried here again', async () => {
  const gate = Promise.withResolvers<void>()
  const wanders = task({
    name: 'wanders',
    async run(ctx) {
      const word = ctx.wait('ok')
      await gate.promise
      await ctx.step('late', () => 1)
      return word
    },
  })
  const { carrier, client, clock, store, held } = await carrierOver([wanders], 'run.await_outside_step')
  const run = await client.start(wanders, undefined)
  void carrier.advance(run.id)
  await clock.advance('2s')
  gate.resolve() // out of memory by now
  await turns()
  const loaded = carrier.advance(run.id)
  await turns()
  expect(held.isHere).toBe(true)
  const head = await store.head(run.id)
  await store.commit({
    appends: [
      {
        stream: run.id,
        expected: { claim: head?.epoch ?? 0 },
        events: [eventOf(runClaimed, { by: 'another' })],
      },
    ],
  })
  held.release()
  await loaded
  expect(carrier.isAdvancing(run.id)).toBe(false)
  await run.signal('ok', 'yes')
  void carrier.advance(run.id)
  await turns()
  expect(await run.status()).toBe('done')
  await store.close()
})
