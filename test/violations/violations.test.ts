import * as product from 'throughline'
import { expect, test } from 'vitest'
import { randomBy } from '../random.ts'
import { drive } from './drive.ts'

test.each(['first', 'second', 'third'])(
  'of 240 outputs, each of the half that goes against live decisions is caught and named, and no other: %s seed',
  async (seed) => {
    const tally = await drive(product, {
      store: 'memory:',
      count: 240,
      random: randomBy(`violations ${seed}`),
    })
    expect(tally).toEqual({ outputs: 240, seeded: 120, caught: 120, named: 120, falseBlocks: 0, wrong: [] })
  },
)
