/** Outputs that go against live decisions, and such that only nearly do: the generator, and the way past the product, are of test/violations. */
import { join } from 'node:path'
import { randomBy } from '../../test/random.ts'
import { drive } from '../../test/violations/drive.ts'
import { loadWhole } from '../product.ts'
import { scratch } from '../scratch.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'

export async function violations({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const count = quick ? 200 : 1_000
  tell(`violations: ${count} outputs`)
  const store = `file:${join(scratch('violations'), 'violations.db')}`
  const tally = await drive(await loadWhole(), { store, count, random: randomBy('bench') })
  for (const line of tally.wrong.slice(0, 5)) tell(`violations: ${line}`)
  const share = (part: number) => (part / tally.seeded) * 100
  return [
    {
      name: `seeded violations, ${tally.seeded} of ${count} outputs: caught`,
      value: share(tally.caught),
      unit: '%',
      atLeast: 100,
    },
    {
      name: '… naming exactly the decisions they go against',
      value: share(tally.named),
      unit: '%',
      atLeast: 100,
    },
    {
      name: `… of the other ${count - tally.seeded} blocked`,
      value: tally.falseBlocks,
      unit: 'outputs',
      atMost: 0,
    },
  ]
}
