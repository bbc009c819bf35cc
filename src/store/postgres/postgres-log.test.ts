import { expect, test } from 'vitest'
import { storeContract } from '../../testing/index.ts'
import { freshSchema } from '../../../test/servers/schemas.ts'
import { openPostgres } from './index.ts'

storeContract({
  name: 'Postgres',
  test: (name, run) => test(name, { timeout: 120_000 }, run), // the first of a run installs and starts the server
  expect,
  open: async (projections, clock) => openPostgres({ address: await freshSchema(), projections, clock }),
})
