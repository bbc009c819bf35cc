/** Several workers on one store: each a layer of its own, as in processes of their own. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test as base } from 'vitest'
import { open, task, type AnyTask, type Throughline } from 'throughline'
import { grantsTo } from '../../store/postgres/roles.ts'
import { administrator, schemaOf } from '../../../test/servers/administrator.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'

const test = (name: string, run: () => Promise<void>) => base(name, { timeout: 120_000 }, run)

/** Workers and clients of a fresh store; all closed in the end. */
async function fleet() {
  const store = await freshSchema()
  const layers: Throughline[] = []
  const add = async (options: Parameters<typeof open>[0]) => {
    const tl = await open({ store, ...options })
    layers.push(tl)
    return tl
  }
  return {
    worker: (tasks: readonly AnyTask[], concurrency = 256) => add({ tasks, concurrency }),
    client: () => add({ worker: false }),
    async [Symbol.asyncDispose]() {
      await Promise.all(layers.map((tl) => tl.close()))
    },
  }
}

async function until(isSo: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<number> {
  const since = performance.now()
  while (!(await isSo())) {
    if (performance.now() - since > withinMs) throw new Error(`It did not come about: ${isSo.toString()}`)
    await pause(20)
  }
  return performance.now() - since
}

const kindsOf = async (tl: Throughline, run: string): Promise<readonly string[]> =>
  (await Array.fromAsync(tl.history(run))).map(({ kind }) => kind)

test('whether anybody carries the runs is asked of the list of workers', async () => {
  await using all = await fleet()
  const client = await all.client()
  expect([await client.log.isOwned(), client.isCarrying]).toEqual([false, false])
  const worker = await all.worker([task({ name: 'any', run: () => Promise.resolve(1) })])
  expect([await client.log.isOwned(), worker.isCarrying]).toEqual([true, true])
  expect((await client.workers()).map(({ tasks }) => tasks)).toEqual([[{ name: 'any', versions: ['1'] }]])
  await worker.close()
  expect(await client.log.isOwned()).toBe(false)
})

test('a worker takes as many runs as it has room for, and leaves the others to its neighbours', async () => {
  await using all = await fleet()
  const counts = [
    { busy: 0, most: 0, total: 0 },
    { busy: 0, most: 0, total: 0 },
  ]
  const work = (who: 0 | 1) => {
    const count = counts[who] ?? { busy: 0, most: 0, total: 0 }
    return task({
      name: 'work',
      run: (ctx) =>
        ctx.step('work', async () => {
          count.total++
          count.most = Math.max(count.most, ++count.busy)
          await pause(100)
          count.busy--
          return 'done'
        }),
    })
  }
  await all.worker([work(0)], 2)
  await all.worker([work(1)], 3)
  const client = await all.client()
  const runs = await Promise.all(Array.from({ length: 20 }, () => client.start(work(0), undefined)))
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map(() => 'done'))
  expect(counts.map(({ most }, who) => most <= 2 + who)).toEqual([true, true])
  expect(Math.min(...counts.map(({ total }) => total))).toBeGreaterThan(3)
})

test('a run goes to a worker that has its version', async () => {
  await using all = await fleet()
  const by = (version: string) =>
    task({ name: 'by', version, run: (ctx) => ctx.step('who', () => `version ${version}`) })
  await all.worker([by('1')])
  await all.worker([by('2')])
  const client = await all.client()
  const versions = Array.from({ length: 12 }, (_, i) => `${1 + (i % 2)}`)
  const runs = await Promise.all(versions.map((version) => client.start(by(version), undefined)))
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(versions.map((one) => `version ${one}`))
})

test('a run whose code no living worker has waits, visibly, until somebody brings it', async () => {
  await using all = await fleet()
  const rare = task({ name: 'rare', run: (ctx) => ctx.wait('go') })
  await all.worker([task({ name: 'other', run: () => Promise.resolve(1) })])
  const client = await all.client()
  const run = await client.start(rare, undefined)
  await until(async () => (await run.info()).waiting.some(({ kind }) => kind === 'task'))
  await run.signal('go', 'now')
  await pause(4000) // long enough for the message to make it due, and for somebody to note it again
  expect(await kindsOf(client, run.id)).toEqual(['run.started', 'run.claimed', 'run.suspended'])
  await all.worker([rare])
  expect(await run.result()).toBe('now')
})

test('a message reaches a run wherever it is carried: in memory, or long out of it', async () => {
  await using all = await fleet()
  const asks = task({ name: 'asks', run: async (ctx) => [await ctx.wait('a'), await ctx.wait('b')] })
  await all.worker([asks])
  await all.worker([asks])
  const client = await all.client()
  const run = await client.start(asks, undefined)
  await until(async () => (await run.status()) === 'waiting')
  await run.signal('a', 1)
  await until(
    async () => (await kindsOf(client, run.id)).filter((kind) => kind === 'wait.answered').length === 1,
  )
  await pause(2500) // out of memory by now, its lease given back
  expect((await client.workers()).map(({ runs }) => runs)).toEqual([0, 0])
  await run.signal('b', 2)
  expect(await run.result()).toEqual([1, 2])
})

test('what a worker lets go of when it is closed goes on elsewhere at once', async () => {
  await using all = await fleet()
  const nap = task({
    name: 'nap',
    async run(ctx) {
      for (let i = 0; i < 20; i++) await ctx.step(`work:${i}`, () => pause(50))
      return 'rested'
    },
  })
  const leaving = await all.worker([nap])
  const client = await all.client()
  const run = await client.start(nap, undefined)
  await until(async () => (await kindsOf(client, run.id)).length > 4)
  await all.worker([nap])
  await leaving.close()
  const tookMs = await until(
    async () => (await kindsOf(client, run.id)).filter((kind) => kind === 'run.claimed').length === 2,
  )
  expect(tookMs).toBeLessThan(1500)
  expect(await run.result()).toBe('rested')
})

test('a body that was in a plain await when its worker was closed goes on elsewhere', async () => {
  await using all = await fleet()
  const outside = task({
    name: 'outside',
    async run(ctx) {
      const told = ctx.wait('never', { timeout: '1h' }).catch(() => 'nobody came')
      await pause(600)
      await ctx.step('after', () => 1)
      return Promise.race([told, Promise.resolve('went on')])
    },
  })
  const leaving = await all.worker([outside])
  const client = await all.client()
  const run = await client.start(outside, undefined)
  await until(async () => (await run.status()) === 'waiting')
  await leaving.close()
  await all.worker([outside])
  expect(await run.result()).toBe('went on')
})

test('a body that was in a plain await and out of memory when its worker went goes on elsewhere', async () => {
  await using all = await fleet()
  const outside = task({
    name: 'outside',
    run: (ctx) =>
      ctx.race({
        told: (b) => b.wait('never'),
        work: async (b) => {
          await pause(2500)
          return b.step('after', () => 'went on')
        },
      }),
  })
  const leaving = await all.worker([outside])
  const client = await all.client()
  const run = await client.start(outside, undefined)
  await until(async () => (await run.status()) === 'waiting' && leaving.load.residents === 0)
  await until(async () => (await client.workers()).every(({ runs }) => runs === 0))
  await leaving.close()
  await all.worker([outside])
  expect(await run.result()).toMatchObject({ value: 'went on' })
})

test('a worker that is told of a deadlock while it makes its tables makes them again', async () => {
  const store = await freshSchema({ application_name: `dead-${process.pid}` })
  const name = `deadlock_${process.pid}`
  const admin = await administrator(store)
  // Sequences are not rolled back: each kind of command is refused once.
  await admin.query(`CREATE SEQUENCE public.${name}_schema; CREATE SEQUENCE public.${name}_rename; CREATE SEQUENCE public.${name}_view;
    CREATE FUNCTION public.${name}() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE kind text; BEGIN
      kind := CASE tg_tag WHEN 'CREATE SCHEMA' THEN 'schema' WHEN 'ALTER TABLE' THEN 'rename' WHEN 'CREATE VIEW' THEN 'view' END;
      IF kind IS NOT NULL AND current_setting('application_name') = 'dead-${process.pid}' AND nextval('public.${name}_' || kind) = 1 THEN
        RAISE SQLSTATE '40P01' USING MESSAGE = 'deadlock detected';
      END IF;
    END $$;
    CREATE EVENT TRIGGER ${name} ON ddl_command_start EXECUTE FUNCTION public.${name}()`)
  try {
    const easy = task({ name: 'easy', run: () => 'done' })
    const worker = await open({ store, tasks: [easy] })
    expect(await (await worker.start(easy, undefined)).result()).toBe('done')
    await worker.close()
    for (const kind of ['schema', 'rename', 'view']) {
      const { rows } = await admin.query<{ last_value: string }>(
        `SELECT last_value FROM public.${name}_${kind}`,
      )
      expect(Number(rows[0]?.last_value)).toBeGreaterThan(1)
    }
  } finally {
    await admin.query(
      `DROP EVENT TRIGGER ${name}; DROP FUNCTION public.${name}(); DROP SEQUENCE public.${name}_schema, public.${name}_rename, public.${name}_view`,
    )
    await admin.end()
  }
})

test('a role that may only add to the record carries runs; the owner made the tables, before or after it was let in', async () => {
  for (const isGrantedFirst of [true, false]) {
    const store = await freshSchema()
    const schema = schemaOf(store)
    const role = `app_${schema}`
    const owner = await administrator(store)
    try {
      await (await open({ store, worker: false })).close()
      if (isGrantedFirst)
        await owner.query(`DROP VIEW ${schema}.live_workers; DROP TABLE ${schema}.workers, ${schema}.leases`)
      await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ${grantsTo(role, schema)}`)
      await (await open({ store, worker: false })).close()
      const url = new URL(store)
      ;[url.username, url.password] = [role, 'secret']
      const easy = task({ name: 'easy', run: (ctx) => ctx.step('work', () => 'done') })
      const worker = await open({ store: url.href, tasks: [easy] })
      expect(await (await worker.start(easy, undefined)).result()).toBe('done')
      expect((await worker.deployment())?.workers.length).toBe(1)
      await worker.close()
    } finally {
      await owner.query(`DROP SCHEMA ${schema} CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`)
      await owner.end()
    }
  }
})
