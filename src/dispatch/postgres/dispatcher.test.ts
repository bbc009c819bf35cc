import { expect, test } from 'vitest'
import { openPostgres, type PostgresLog } from '../../store/postgres/index.ts'
import { eventOf } from '../../log/index.ts'
import { events as runs, runsProjection } from '../../run/index.ts'
import { dispatcherContract } from '../../testing/index.ts'
import { administrator, schemaOf } from '../../../test/servers/administrator.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'
import { PostgresDispatcher, prepare, sharedTables } from './index.ts'

const TASKS = [{ name: 't', versions: ['1'] }]
let workers = 0

dispatcherContract({
  name: 'among workers on Postgres',
  test: (name, run) => test(name, { timeout: 120_000 }, run), // the first of a run installs and starts the server
  expect,
  store: async (clock) =>
    openPostgres({ address: await freshSchema(), projections: [runsProjection], clock }),
  open: async ({ log, ...parts }) => {
    const { database } = log as PostgresLog // what `store` gave
    await prepare(database)
    const id = `w${++workers}`
    const { clock, concurrency } = parts
    const tables = sharedTables(database, clock, { id, name: id, concurrency, tasks: TASKS })
    const dispatcher = new PostgresDispatcher({ ...parts, tables })
    await dispatcher.begin()
    return dispatcher
  },
})

/** A worker over a store of the test's, and hands that say what became of a run. */
async function workerOver(store: string, confirm: () => boolean, concurrency = 8) {
  const log = await openPostgres({ address: store, projections: [runsProjection] })
  await prepare(log.database)
  const handed: string[] = []
  const fenced: string[] = []
  const over: (() => void)[] = []
  const carrier = {
    isAdvancing: (run: string) => handed.includes(run) && !fenced.includes(run),
    advance: (run: string) => new Promise<void>((resolve) => void (handed.push(run), over.push(resolve))),
    fence: (run: string) => void fenced.push(run),
    yield: () => Promise.resolve(),
    confirm: () => Promise.resolve(confirm()),
  }
  const id = `w${++workers}`
  const worker = { id, name: id, concurrency, tasks: TASKS }
  const tables = sharedTables(log.database, log.clock, worker)
  const dispatcher = new PostgresDispatcher({ tables, clock: log.clock, carrier, concurrency })
  await dispatcher.begin()
  dispatcher.start()
  return { log, id, handed, fenced, over, dispatcher }
}

test.each([
  ['lets go of a run that somebody took over, finished with and gave back', false],
  ['keeps a run whose lease the database lost', true],
])('a worker that was late %s', { timeout: 120_000 }, async (_, isOurs) => {
  const store = await freshSchema()
  const { log, id, handed, fenced, dispatcher } = await workerOver(store, () => isOurs)
  const admin = await administrator(store)
  const s = schemaOf(store)
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const body = { run: 'run_a', task: 't', version: '1', input: null, seed: 's', chapter: 1 }
  const events = [eventOf(runs.runStarted, body)]
  await log.commit({ appends: [{ stream: 'run_a', expected: { new: true }, events }] })
  dispatcher.look()
  await until(() => handed.length === 1)
  await log.commit({
    appends: [{ stream: 'run_a', expected: 'any', events: [eventOf(runs.runClaimed, { by: 'x' })] }],
  })
  // As if it had stood still: not seen for long, and its lease is gone.
  await admin.query(
    `BEGIN; DELETE FROM ${s}.leases; UPDATE ${s}.workers SET seen = seen - interval '10 s'; COMMIT`,
  )
  const leases = async () => (await admin.query<{ worker: string }>(`SELECT worker FROM ${s}.leases`)).rows
  if (isOurs) await until(async () => (await leases()).some(({ worker }) => worker === id))
  else await until(() => fenced.length > 0)
  expect(fenced).toEqual(isOurs ? [] : ['run_a'])
  expect(handed.slice(1)).toEqual([])
  expect(dispatcher.held()).toBe(undefined)
  void dispatcher.stop()
  await dispatcher.close()
  await log.close()
  await admin.end()
})

test('a run that waits for its turn is not begun once others have it', { timeout: 120_000 }, async () => {
  const store = await freshSchema()
  const { log, id, handed, fenced, over, dispatcher } = await workerOver(store, () => true, 1)
  const admin = await administrator(store)
  const s = schemaOf(store)
  const body = { task: 't', version: '1', input: null, seed: 's', chapter: 1 }
  const start = (run: string) =>
    log.commit({
      appends: [
        { stream: run, expected: { new: true }, events: [eventOf(runs.runStarted, { run, ...body })] },
      ],
    })
  await start('run_a')
  dispatcher.look()
  await expect.poll(() => handed, { timeout: 10_000 }).toEqual(['run_a'])
  // The second is this worker's too, and waits: there is one place.
  await start('run_b')
  await admin.query(`INSERT INTO ${s}.leases (run, worker) VALUES ('run_b', $1)`, [id])
  dispatcher.look()
  await new Promise((resolve) => setTimeout(resolve, 1500)) // a look and a half
  expect(dispatcher.busy).toBeGreaterThanOrEqual(2)
  // As if it had stood still meanwhile, and somebody else had taken it.
  await admin.query(
    `BEGIN; INSERT INTO ${s}.workers (id, name, seen, concurrency, tasks) VALUES ('other', 'other', clock_timestamp() + interval '1 hour', 1, '[]');
     UPDATE ${s}.leases SET worker = 'other' WHERE run = 'run_b'; UPDATE ${s}.workers SET seen = seen - interval '10 s' WHERE id = '${id}'; COMMIT`,
  )
  await expect.poll(() => fenced, { timeout: 10_000 }).toEqual(['run_b'])
  over[0]?.()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(handed).not.toContain('run_b')
  void dispatcher.stop()
  await dispatcher.close()
  await log.close()
  await admin.end()
})
