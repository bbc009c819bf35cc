import { expect, test } from 'vitest'
import { openPostgres, type PostgresLog } from '../../store/postgres/index.ts'
import { runsProjection } from '../../run/index.ts'
import { dispatcherContract } from '../../testing/index.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'
import { PostgresDispatcher, prepare } from './index.ts'

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
    const dispatcher = new PostgresDispatcher({ ...parts, database, id, name: id, tasks: TASKS })
    await dispatcher.begin()
    return dispatcher
  },
})
