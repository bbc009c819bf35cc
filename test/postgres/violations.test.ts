import * as product from 'throughline'
import { expect, test } from 'vitest'
import { randomBy } from '../random.ts'
import { freshSchema } from '../servers/schemas.ts'
import { drive } from '../violations/drive.ts'

test('on Postgres, too, what goes against live decisions is caught and named, and nothing else', async () => {
  const store = await freshSchema()
  const tally = await drive(product, { store, count: 240, random: randomBy('violations postgres') })
  expect(tally).toEqual({ outputs: 240, seeded: 120, caught: 120, named: 120, falseBlocks: 0, wrong: [] })
})
