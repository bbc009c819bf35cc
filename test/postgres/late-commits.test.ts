/** Commits whose answers never came, and owners whose record moved on: nothing is recorded twice, whatever becomes of connections. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test as base } from 'vitest'
import { eventOf, kind, type Change } from '../../src/log/index.ts'
import { openPostgres } from '../../src/store/postgres/index.ts'
import { administrator, schemaOf } from '../servers/administrator.ts'
import { Proxy } from '../servers/proxy.ts'
import { freshSchema } from '../servers/schemas.ts'

const test = (name: string, run: () => Promise<void>) => base(name, { timeout: 120_000 }, run)
const numbered = kind<{ readonly n: number }>('test.numbered')

function append(stream: string, expected: Change['appends'][number]['expected'], n: number): Change {
  return { appends: [{ stream, expected, events: [eventOf(numbered, { n })] }] }
}

/** A store behind a network that can be cut, and the means to make its commits wait at the server. */
async function bed(parameters: Readonly<Record<string, string>> = {}) {
  const address = await freshSchema()
  const s = schemaOf(address)
  const admin = await administrator(address)
  const proxy = await Proxy.before(Number(new URL(address).port))
  const behind = new URL(address)
  behind.port = String(proxy.port)
  const open = (url: URL) => openPostgres({ address: url.href, projections: [] })
  await (await openPostgres({ address, projections: [] })).close()
  for (const [name, value] of Object.entries(parameters)) behind.searchParams.set(name, value)
  return {
    s,
    admin,
    proxy,
    behind,
    open,
    direct: () => open(new URL(address)),
    /** From now on every commit waits at the server, until what is returned is called. */
    async hold() {
      await admin.query('BEGIN')
      await admin.query(`SELECT 1 FROM ${s}.tip FOR UPDATE`)
      return () => admin.query('COMMIT')
    },
    async close(...logs: { close(): Promise<void> }[]) {
      await Promise.all(logs.map((log) => log.close()))
      await admin.end()
      await proxy.close()
    },
  }
}

type Bed = Awaited<ReturnType<typeof bed>>

async function numbersIn({ direct }: Bed, stream: string): Promise<readonly unknown[]> {
  const log = await direct()
  const events = (await Array.fromAsync(log.read(stream))).flat()
  expect((await log.verify()).breaks).toEqual([])
  await log.close()
  return events.map(({ body }) => JSON.parse(body ?? '{}') as unknown)
}

test('while nobody is let in to find out what became of a batch, nothing is reported of it, and nothing sent again', async () => {
  const all = await bed()
  const { s, admin, proxy, behind, open } = all
  const role = `late_${s}`.replaceAll('"', '')
  await admin.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'secret'`)
  ;[behind.username, behind.password] = [role, 'secret']
  const log = await open(behind)
  await log.commit(append('a', { new: true, epoch: 1 }, 0))
  await log.commit(append('b', { new: true, epoch: 1 }, 0))
  const release = await all.hold()
  let answers = 0
  const late = ['a', 'b'].map((stream) =>
    log.commit(append(stream, { epoch: 1 }, 1)).finally(() => void answers++),
  )
  await pause(100)
  proxy.cut()
  await admin.query(`ALTER ROLE ${role} NOLOGIN`)
  await release()
  await pause(700)
  expect(answers).toBe(0)
  await admin.query(`ALTER ROLE ${role} LOGIN`)
  await Promise.all(late)
  await log.commit(append('a', { epoch: 1 }, 2))
  expect(await numbersIn(all, 'a')).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
  expect(await numbersIn(all, 'b')).toEqual([{ n: 0 }, { n: 1 }])
  await log.close()
  await admin.query(`DROP ROLE ${role}`)
  await all.close()
})

test('a batch whose events were archived before anybody could look for them is found', async () => {
  const all = await bed()
  const { admin, s, proxy, behind, open } = all
  const log = await open(behind)
  await log.commit(append('a', { new: true, epoch: 1 }, 0))
  const release = await all.hold()
  const late = log.commit(append('a', { epoch: 1 }, 1))
  await pause(100)
  proxy.hold() // neither the answer nor anything that asks for it
  await release()
  while ((await admin.query(`SELECT 1 FROM ${s}.events`)).rows.length < 2) await pause(10)
  const archivist = await all.direct()
  await archivist.archive(['a'])
  proxy.cut()
  proxy.heal()
  await late
  expect(await numbersIn(all, 'a')).toEqual([{ n: 0 }, { n: 1 }])
  await all.close(archivist, log)
})

test('an owner whose last commits were lost with their server is refused, and stays refused, though another has its epoch', async () => {
  for (const isCut of [false, true]) {
    const all = await bed()
    const { admin, s, proxy, behind, open } = all
    const [first, second] = [await open(behind), await all.direct()]
    await first.commit(append('a', { new: true }, 0))
    await first.commit(append('a', { claim: 0 }, 1))
    await first.commit(append('a', { epoch: 1 }, 2))
    const release = await all.hold()
    const late = isCut ? [first.commit(append('a', { epoch: 1 }, 3))] : []
    await pause(50)
    if (isCut)
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '${s.replaceAll('"', '')}.*(write|append)_1' AND wait_event_type = 'Lock'`,
      )
    // A replica takes over that had only the first event by then.
    await admin.query(`DELETE FROM ${s}.events WHERE seq > 1`)
    await admin.query(
      `UPDATE ${s}.streams SET seq = 1, epoch = 0, hash = (SELECT substr(seal, 17) FROM ${s}.events WHERE seq = 1)`,
    )
    const claimed = second.commit(append('a', { claim: 0 }, 10))
    proxy.hold()
    await release()
    await claimed
    if (isCut) proxy.cut()
    proxy.heal()
    const outcomes = [...late, first.commit(append('a', { epoch: 1 }, 4))].map((one) =>
      one.then(
        () => 'recorded',
        (error: unknown) => (error as { code?: unknown }).code,
      ),
    )
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => 'ownership_lost'))
    await expect(first.commit(append('a', { epoch: 1 }, 5))).rejects.toMatchObject({ code: 'ownership_lost' })
    await second.commit(append('a', { epoch: 1 }, 11))
    expect(await numbersIn(all, 'a')).toEqual([{ n: 0 }, { n: 10 }, { n: 11 }])
    await all.close(first, second)
  }
})

test('a store whose database went away in the middle of a commit can be closed', async () => {
  const all = await bed()
  const log = await all.open(all.behind)
  await log.commit(append('a', { new: true, epoch: 1 }, 0))
  const release = await all.hold()
  const late = log.commit(append('a', { epoch: 1 }, 1)).catch((error: unknown) => error)
  await pause(100)
  all.proxy.hold()
  const since = performance.now()
  await log.close()
  expect(performance.now() - since).toBeLessThan(12_000)
  expect(await late).toMatchObject({ code: 'store_unavailable', retryable: false })
  await release()
  await all.close()
})

test('a network that dies without a word holds a commit up for ten seconds at most', async () => {
  const all = await bed()
  const log = await all.open(all.behind)
  await log.commit(append('a', { new: true, epoch: 1 }, 0))
  all.proxy.silence()
  const since = performance.now()
  await log.commit(append('a', { epoch: 1 }, 1))
  expect(performance.now() - since).toBeLessThan(10_500)
  expect(await numbersIn(all, 'a')).toEqual([{ n: 0 }, { n: 1 }])
  await all.close(log)
})

test('a commit that the server gave up for taking too long is given more time, and recorded once', async () => {
  const all = await bed()
  const log = await all.open(all.behind)
  await log.commit(append('a', { new: true, epoch: 1 }, 0))
  const release = await all.hold()
  const late = log.commit(append('a', { epoch: 1 }, 1))
  await pause(8500)
  const { rows } = await all.admin.query(
    `SELECT 1 FROM pg_stat_activity WHERE query ~ '(write|append)_1' AND wait_event_type = 'Lock'`,
  )
  await release()
  await late
  expect(rows.length).toBe(1)
  expect(await numbersIn(all, 'a')).toEqual([{ n: 0 }, { n: 1 }])
  await all.close(log)
})
