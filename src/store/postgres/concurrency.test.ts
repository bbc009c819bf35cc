/** What happens when many write at once, and when connections die under them. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { messageOf } from '../../errors.ts'
import { encode, kind, type NewEvent, type Projection, type StoredEvent } from '../../log/index.ts'
import { administrator, schemaOf } from '../../../test/servers/administrator.ts'
import { PostgresServer } from '../../../test/servers/postgres.ts'
import { Proxy } from '../../../test/servers/proxy.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'
import { openPostgres, type PostgresLog } from './index.ts'

const LONG = 120_000
const numbered = kind<{ readonly n: number }>('test.numbered')
const event = (n: number): NewEvent => ({ kind: numbered.name, version: 1, body: encode({ n }) })
const open = (address: string): Promise<PostgresLog> => openPostgres({ address, projections: [] })
const bodies = async (log: PostgresLog, stream: string): Promise<readonly (string | undefined)[]> =>
  (await Array.fromAsync(log.read(stream))).flat().map((one) => one.body)

const servers: PostgresServer[] = []
afterAll(() => Promise.all(servers.map((server) => server.dispose())))

/** Collects what a follower sees, until it has seen as many as are expected. */
function follow(log: PostgresLog, count: number): Promise<readonly StoredEvent[]> {
  const stop = new AbortController()
  return (async () => {
    const seen: StoredEvent[] = []
    for await (const one of log.follow(0, stop.signal)) {
      seen.push(one)
      if (seen.length === count) stop.abort()
    }
    return seen
  })()
}

test(
  'four writers at once: a follower misses nothing, sees nothing twice, and time and positions only rise',
  { timeout: LONG },
  async () => {
    const address = await freshSchema()
    const logs = [await open(address)]
    for (let i = 0; i < 4; i++) logs.push(await open(address))
    const [reader, ...writers] = logs
    const [each, rounds] = [5, 60]
    const total = 4 + 4 * rounds * (each + 1)
    const following = follow(reader!, total)
    await Promise.all(
      writers.map(async (log, w) => {
        await log.commit({
          appends: [{ stream: `own${w}`, expected: { new: true, epoch: 1 }, events: [event(0)] }],
        })
        for (let n = 1; n <= rounds; n++) {
          const own = Array.from({ length: each }, (_, i) =>
            log.commit({
              appends: [{ stream: `own${w}`, expected: { epoch: 1 }, events: [event(n * each + i)] }],
            }),
          )
          const shared = log.commit({
            appends: [{ stream: 'shared', expected: 'any', events: [event(w * 1000 + n)] }],
          })
          await Promise.all([...own, shared])
        }
      }),
    )
    const seen = await following
    expect(seen.map((one) => one.position)).toEqual(Array.from({ length: total }, (_, i) => i + 1))
    for (const [i, one] of seen.entries()) expect(one.at).toBeGreaterThanOrEqual(seen[i - 1]?.at ?? 0)
    expect(seen.filter((one) => one.stream === 'shared').map((one) => one.seq)).toEqual(
      Array.from({ length: 4 * rounds }, (_, i) => i + 1),
    )
    const verdict = await reader!.verify()
    expect([verdict.breaks, verdict.events]).toEqual([[], total])
    await Promise.all(logs.map((log) => log.close()))
  },
)

/** Resolves once somebody listens to a store. */
async function listening(address: string): Promise<void> {
  const admin = await administrator(address)
  const text = `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND query LIKE $1 AND state = 'idle'`
  while ((await admin.query(text, [`%${schemaOf(address)}%`])).rows.length === 0) await pause(10)
  await admin.end()
}

test('another process hears of a commit at once', { timeout: LONG }, async () => {
  const address = await freshSchema()
  const [a, b] = [await open(address), await open(address)]
  const heard: boolean[] = []
  const stop = b.onCommit((isOurs) => heard.push(isOurs))
  await listening(address)
  const began = performance.now()
  await a.commit({ appends: [{ stream: 'x', expected: 'any', events: [event(1)] }] })
  while (heard.length === 0) await pause(2)
  expect(performance.now() - began).toBeLessThan(500)
  await b.commit({ appends: [{ stream: 'x', expected: 'any', events: [event(2)] }] })
  await pause(50)
  expect(heard).toEqual([false, true])
  stop()
  await Promise.all([a.close(), b.close()])
})

test('what notifications did not tell is heard of all the same', { timeout: LONG }, async () => {
  const address = await freshSchema()
  const [a, b] = [await open(address), await open(address)]
  let heard = 0
  const stop = b.onCommit(() => void heard++)
  await listening(address)
  const admin = await administrator(address)
  // Nobody listens any more, and whoever wants to again is too late for what is committed now.
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND query LIKE $1`,
    [`%${schemaOf(address)}%`],
  )
  await a.commit({ appends: [{ stream: 'x', expected: 'any', events: [event(1)] }] })
  const began = performance.now()
  while (heard === 0 && performance.now() - began < 5000) await pause(10)
  expect(heard).toBeGreaterThan(0)
  stop()
  await admin.end()
  await Promise.all([a.close(), b.close()])
})

test(
  'connections killed in the middle of commits: nothing is lost, nothing is there twice',
  { timeout: LONG },
  async () => {
    const address = await freshSchema()
    const name = `killed-${process.pid}`
    const log = await open(`${address}&application_name=${name}`)
    const admin = await administrator(address)
    let [isOver, kills] = [false, 0]
    const killing = (async () => {
      while (!isOver) {
        await pause(Math.random() * 12)
        const { rows } = await admin.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND query ~ '(write|append)_1' AND state = 'active'`,
          [name],
        )
        kills += rows.length
      }
    })()
    await log.commit({ appends: [{ stream: 'own', expected: { new: true, epoch: 1 }, events: [event(0)] }] })
    const until = performance.now() + 6000
    let n = 0
    while (performance.now() < until) {
      n++
      const expected = { epoch: 1 }
      await Promise.all([
        log.commit({ appends: [{ stream: 'own', expected, events: [event(2 * n - 1)] }] }),
        log.commit({ appends: [{ stream: 'own', expected, events: [event(2 * n)] }] }),
        log.commit({ appends: [{ stream: `inbox${n % 3}`, expected: 'any', events: [event(n)] }] }),
        log.commit({ appends: [{ stream: `made${n}`, expected: { new: true }, events: [event(n)] }] }),
      ])
    }
    isOver = true
    await killing
    expect(kills).toBeGreaterThan(20)
    expect(await bodies(log, 'own')).toEqual(Array.from({ length: 2 * n + 1 }, (_, i) => encode({ n: i })))
    for (const inbox of [0, 1, 2])
      expect(await bodies(log, `inbox${inbox}`)).toEqual(
        Array.from({ length: n }, (_, i) => i + 1)
          .filter((i) => i % 3 === inbox)
          .map((i) => encode({ n: i })),
      )
    const verdict = await log.verify()
    expect([verdict.breaks, verdict.events]).toEqual([[], 1 + 4 * n])
    await admin.end()
    await log.close()
  },
)

test(
  'a database that is restarted delays commits, reads and followers, and fails none',
  { timeout: LONG },
  async () => {
    const server = await PostgresServer.start()
    servers.push(server)
    const log = await open(server.url)
    const count = 300
    const following = follow(log, count)
    const reading = { isOver: false, reads: 0 }
    const readers = (async () => {
      while (!reading.isOver) {
        await log.head('own')
        reading.reads++
        await pause(5)
      }
    })()
    await log.commit({ appends: [{ stream: 'own', expected: { new: true, epoch: 1 }, events: [event(0)] }] })
    const restarting = (async () => {
      for (const how of ['fast', 'crash'] as const) {
        await pause(200)
        await server.stop(how)
        await pause(300)
        await server.start()
      }
    })()
    for (let n = 1; n < count; n++) {
      await log.commit({ appends: [{ stream: 'own', expected: { epoch: 1 }, events: [event(n)] }] })
      await pause(5)
    }
    await restarting
    const seen = await following
    reading.isOver = true
    await readers
    expect(seen.map((one) => one.body)).toEqual(Array.from({ length: count }, (_, i) => encode({ n: i })))
    expect(reading.reads).toBeGreaterThan(10)
    expect((await log.verify()).breaks).toEqual([])
    await log.close()
  },
)

test(
  'what a server goes on with after its client was cut off is waited for, and not done again',
  { timeout: LONG },
  async () => {
    const address = new URL(await freshSchema())
    const admin = await administrator(address.href)
    const proxy = await Proxy.before(Number(address.port))
    address.port = String(proxy.port)
    const log = await open(address.href)
    await log.commit({ appends: [{ stream: 'inbox', expected: 'any', events: [event(0)] }] })
    for (let n = 1; n <= 10; n++) {
      await admin.query('BEGIN')
      await admin.query(`SELECT 1 FROM ${schemaOf(address.href)}.tip FOR UPDATE`) // the next commit waits for this
      const late = log.commit({ appends: [{ stream: 'inbox', expected: 'any', events: [event(n)] }] })
      await pause(50)
      proxy.cut()
      if (n % 2 === 0) await pause(Math.random() * 150)
      await admin.query('COMMIT')
      await late
    }
    expect(await bodies(log, 'inbox')).toEqual(Array.from({ length: 11 }, (_, n) => encode({ n })))
    expect((await log.verify()).breaks).toEqual([])
    await admin.end()
    await log.close()
    await proxy.close()
  },
)

test(
  'a projection that throws fails its own change, and whatever it says is taken for no trouble of the connection',
  { timeout: LONG },
  async () => {
    const failing: Projection = {
      name: 'failing',
      version: 1,
      mode: 'inline',
      kinds: ['test.failing', 'test.bad cell'],
      tables: { failing: { columns: { id: 'text', n: 'integer' }, key: ['id'] } },
      apply({ kind: name, stream }) {
        if (name === 'test.failing') throw new Error('connection terminated')
        return [{ put: 'failing', row: { id: stream, n: 'no number' } }]
      },
    }
    const log = await openPostgres({ address: await freshSchema(), projections: [failing] })
    const write = (kindName: string, stream: string) =>
      log.commit({ appends: [{ stream, expected: 'any', events: [{ kind: kindName, version: 1 }] }] }).then(
        () => 'in',
        (error: unknown) => messageOf(error),
      )
    const told = await Promise.all(
      ['plain', 'test.failing', 'test.bad cell', 'plain'].map((one, i) => write(one, `s${i}`)),
    )
    expect(told).toEqual(['in', 'connection terminated', expect.stringContaining('no number'), 'in'])
    expect((await log.verify()).events).toBe(2)
    await log.close()
  },
)
