import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { open, restate, task, type OpenOptions, type Throughline } from '../../index.ts'
import { z } from 'zod'
import { examineRestate } from './index.ts'
import { freePort } from '../../../test/servers/postgres.ts'
import { RestateServer } from '../../../test/servers/restate.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'

const LONG = { timeout: 120_000 }
let server: RestateServer
const opened: Throughline[] = []

beforeAll(async () => {
  server = await RestateServer.start()
}, 180_000)
afterEach(async () => {
  await Promise.all(opened.splice(0).map((tl) => tl.close()))
})
afterAll(async () => {
  await server.dispose()
})

async function opening(options: OpenOptions): Promise<Throughline> {
  const tl = await open({ logger: silent, ...options })
  opened.push(tl)
  return tl
}

const said: string[] = []
const silent = { debug() {}, info() {}, error() {}, warn: (message: string) => void said.push(message) }

/** A worker in this process, on a port of its own. */
const worker = (store: string, tasks: OpenOptions['tasks'], at = server, more: OpenOptions = {}) =>
  opening({ store, tasks: tasks ?? [], ...by(at), ...more })

const by = (at: RestateServer): Pick<OpenOptions, 'dispatch'> => ({
  dispatch: restate({ ingress: at.ingress(), admin: at.admin(), listen: '127.0.0.1:0' }),
})

/** A name no other test has: services at Restate outlive a test. */
let names = 0
const fresh = (name: string): string => `${name}-${process.pid}-${++names}`

const doubling = () =>
  task({
    name: fresh('doubling'),
    input: z.number(),
    run: async (ctx, n) => ctx.step('double', () => 2 * n),
  })

const waiting = () =>
  task({
    name: fresh('waiting'),
    input: z.number(),
    run: async (ctx) => ctx.wait('word', { schema: z.string() }),
  })

test('steps, sleeps, waits and children go on by way of Restate', LONG, async () => {
  const child = doubling()
  const parent = task({
    name: fresh('a parent/with: signs'),
    input: z.number(),
    async run(ctx, n) {
      await ctx.sleep('short', 50)
      await ctx.sleep('longer than it stays in memory', 1500)
      const doubled = await ctx.map('child', [n, n + 1], (branch, one) => branch.call(child, one))
      return [doubled, await ctx.wait('word', { schema: z.string() })]
    },
  })
  const store = await freshSchema()
  const tl = await worker(store, [parent, child], server, { lingerMs: 300 })
  const run = await tl.start(parent, 4)
  await expect.poll(() => run.status(), { timeout: 10_000 }).toBe('waiting')
  await run.signal('word', 'go')
  expect(await run.result()).toEqual([[8, 10], 'go'])
  expect((await tl.verify()).breaks).toEqual([])
})

test('a waiting run is out of memory, and its message brings it back', LONG, async () => {
  const store = await freshSchema()
  const waits = waiting()
  const tl = await worker(store, [waits], server, { lingerMs: 100 })
  const runs = await Promise.all(Array.from({ length: 50 }, (_, n) => tl.start(waits, n)))
  await expect.poll(() => tl.load.residents, { timeout: 10_000 }).toBeGreaterThan(0)
  await expect.poll(() => tl.load.residents, { timeout: 20_000 }).toBe(0)
  for (const run of runs) await run.signal('word', 'back')
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map(() => 'back'))
})

test('a run is cancelled while it is out of memory, and undoes what it did', LONG, async () => {
  const store = await freshSchema()
  const undone: string[] = []
  const booking = task({
    name: fresh('booking'),
    input: z.number(),
    async run(ctx) {
      await ctx.step('book', () => 'seat', { compensate: (seat) => void undone.push(seat) })
      await ctx.wait('paid')
    },
  })
  const tl = await worker(store, [booking], server, { lingerMs: 50 })
  const run = await tl.start(booking, 1)
  await expect.poll(() => run.status(), { timeout: 10_000 }).toBe('waiting')
  await expect.poll(() => tl.load.residents, { timeout: 10_000 }).toBe(0)
  await run.cancel('enough')
  await expect(run.result()).rejects.toMatchObject({ code: 'run_cancelled' })
  expect(undone).toEqual(['seat'])
})

test(
  'a process that never heard of Restate starts and wakes runs: workers find what it wrote',
  LONG,
  async () => {
    const store = await freshSchema()
    const waits = waiting()
    const tl = await worker(store, [waits], server, { lingerMs: 50 })
    const other = await opening({ store, tasks: [waits], worker: false })
    const run = await other.start(waits, 1)
    await expect.poll(() => run.status(), { timeout: 3000 }).toBe('waiting')
    await expect.poll(() => tl.load.residents, { timeout: 10_000 }).toBe(0)
    await run.signal('word', 'from elsewhere')
    expect(await run.result()).toBe('from elsewhere')
  },
)

test('a store that was set back gets its wake-ups again', LONG, async () => {
  const store = await freshSchema()
  const schema = new URL(store).searchParams.get('schema') ?? ''
  const waits = waiting()
  const asked = new Client({ connectionString: store.replace(/\?.*/, '') })
  await asked.connect()
  try {
    let ids = 0
    const same = { ids: (prefix: string) => `${prefix}_${++ids}` } // as after a restore: the same runs once more
    for (const word of ['before', 'after']) {
      ids = 0
      const tl = await opening({ store, tasks: [waits], ...by(server), ...same, lingerMs: 50 })
      const run = await tl.start(waits, 1)
      await expect.poll(() => run.status(), { timeout: 10_000 }).toBe('waiting')
      await run.signal('word', word)
      expect(await run.result()).toBe(word)
      await tl.close()
      opened.length = 0
      await asked.query(`DROP SCHEMA "${schema}" CASCADE`)
    }
  } finally {
    await asked.end()
  }
})

test('more than a worker can carry lines up', LONG, async () => {
  const store = await freshSchema()
  let [now, most] = [0, 0]
  const work = task({
    name: fresh('work'),
    input: z.number(),
    run: async (ctx, n) =>
      ctx.step('do', async () => {
        most = Math.max(most, ++now)
        await pause(20)
        now--
        return n
      }),
  })
  const tl = await worker(store, [work], server, { concurrency: 3 })
  const runs = await Promise.all(Array.from({ length: 60 }, (_, n) => tl.start(work, n)))
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, n) => n))
  expect(most).toBe(3)
})

test('a worker that was there before Restate waits for it, and says so', LONG, async () => {
  const late = await RestateServer.prepare()
  try {
    said.length = 0
    const double = doubling()
    const store = await freshSchema()
    const tl = await worker(store, [double], late)
    const run = await tl.start(double, 21)
    expect(said.join('\n')).toContain(`Restate at ${late.admin()} does not answer`)
    expect(await run.status()).toBe('queued')
    await late.start()
    expect(await run.result()).toBe(42)
    expect(said.join('\n')).toContain('this worker is registered')
    // All it knew is gone: it is told again.
    await late.dispose()
    await late.start()
    expect(await (await tl.start(double, 4)).result()).toBe(8)
    await tl.close()
    opened.length = 0
  } finally {
    await late.dispose()
  }
})

test('a run nobody has code for waits for that, and goes on with a worker that has', LONG, async () => {
  const store = await freshSchema()
  const [double, other] = [doubling(), doubling()]
  const client = await opening({ store, tasks: [double], worker: false })
  await worker(store, [other])
  const run = await client.start(double, 2)
  await expect.poll(() => run.status(), { timeout: 15_000 }).toBe('waiting')
  await worker(store, [double])
  expect(await run.result()).toBe(4)
})

test('an address keeps its tasks: a worker without them is refused there', LONG, async () => {
  const store = await freshSchema()
  const [one, two] = [doubling(), doubling()]
  const listen = `127.0.0.1:${await freePort()}`
  const dispatch = restate({ ingress: server.ingress(), admin: server.admin(), listen })
  const before = await open({ store, tasks: [one], dispatch, logger: silent })
  await before.close()
  await expect(open({ store, tasks: [two], dispatch, logger: silent })).rejects.toMatchObject({
    code: 'restate_refused',
  })
  const after = await opening({ store, tasks: [one, two], dispatch })
  expect(await (await after.start(two, 5)).result()).toBe(10)
})

test('calls that Restate did not sign are refused', LONG, async () => {
  const port = await freePort()
  const identityKeys = ['publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f']
  const tasks = [doubling()]
  const store = await freshSchema()
  const dispatch = restate({
    ingress: server.ingress(),
    admin: server.admin(),
    listen: `127.0.0.1:${port}`,
    identityKeys,
  })
  await expect(open({ store, tasks, dispatch, logger: silent })).rejects.toMatchObject({
    code: 'restate_refused',
    message: expect.stringContaining('identity'),
  })
})

test(
  'whoever asks is told which workers Restate knows, how they take calls, and what nobody carries',
  LONG,
  async () => {
    const store = await freshSchema()
    const [double, waits] = [doubling(), waiting()]
    await worker(store, [double])
    const carryable = [double, waits].map(({ name }) => ({ task: name, version: '1', runs: 1 }))
    const dispatch = by(server).dispatch ?? restate({ ingress: '' })
    const { version, outages, addresses, unknown } = await examineRestate(dispatch, carryable)
    expect([version, outages]).toEqual([expect.stringMatching(/^\d+\.\d+/), []])
    const own = addresses.find(({ services }) => services.includes(`${double.name}.v1`))
    expect(own?.manner).toBe('unsigned')
    expect(unknown.map(({ task: name }) => name)).toEqual([waits.name])
    const nowhere = restate({ ingress: `http://127.0.0.1:${await freePort()}`, admin: 'http://127.0.0.1:9' })
    const absent = await examineRestate(nowhere, carryable)
    expect([absent.version, absent.outages.length]).toEqual([undefined, 2])
  },
)

test('a store in a file is carried by one process, and says so', async () => {
  const dispatch = restate({ ingress: 'http://127.0.0.1:1' })
  await expect(open({ store: 'memory:', dispatch })).rejects.toMatchObject({ code: 'bad_dispatch' })
})
