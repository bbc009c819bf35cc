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
async function workerOver(store: string, confirm: () => boolean) {
  const log = await openPostgres({ address: store, projections: [runsProjection] })
  await prepare(log.database)
  const handed: string[] = []
  const fenced: string[] = []
  const carrier = {
    isAdvancing: (run: string) => handed.includes(run) && !fenced.includes(run),
    advance: (run: string) => new Promise<void>(() => void handed.push(run)),
    fence: (run: string) => void fenced.push(run),
    yield: () => Promise.resolve(),
    confirm: () => Promise.resolve(confirm()),
  }
  const id = `w${++workers}`
  const worker = { id, name: id, concurrency: 8, tasks: TASKS }
  const tables = sharedTables(log.database, log.clock, worker)
  const dispatcher = new PostgresDispatcher({ tables, clock: log.clock, carrier, concurrency: 8 })
  await dispatcher.begin()
  dispatcher.start()
  return { log, id, handed, fenced, dispatcher }
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
