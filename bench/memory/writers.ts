/** Eight processes write into one memory: nothing that was confirmed is lost, and nobody overwrites what another has just said. */
import { join } from 'node:path'
import { inProcess } from '../own/process.ts'
import { loadWhole } from '../product.ts'
import { scratch } from '../scratch.ts'
import { COUNTER } from './counter.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'

interface Wrote {
  readonly kept: readonly string[]
  readonly raised: number
  readonly refused: number
  readonly seconds: number
}

const WRITERS = 8

export async function writers({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const [items, changes] = quick ? [50, 10] : [250, 50]
  const store = `file:${join(scratch('writers'), 'writers.db')}`
  const { open } = await loadWhole()
  const tl = await open({ store, worker: false })
  await tl.memory.decide({ ...COUNTER, choice: 0, because: 'It begins' })
  tell(
    `writers: ${WRITERS} processes, ${items} items of their own and ${changes} changes of one that all change`,
  )
  const scenario = join(import.meta.dirname, 'writers-scenario.ts')
  const from = performance.now()
  const wrote = await Promise.all(
    Array.from({ length: WRITERS }, (_, i) =>
      inProcess<Wrote>(scenario, [store, `writer-${i}`, `${items}`, `${changes}`]),
    ),
  )
  const seconds = (performance.now() - from) / 1000
  const raised = sum(wrote.map((one) => one.raised))
  let lostItems = 0
  for (const id of wrote.flatMap((one) => one.kept)) {
    const found = await tl.memory.get(id).catch(() => undefined)
    if (found?.status !== 'active') lostItems++
  }
  const live = (await tl.memory.list({ ...COUNTER, kinds: ['decision'], limit: 10 })).items
  const { breaks } = await tl.verify()
  await tl.close()
  const stands = live.length === 1 ? Number(live[0]?.value) : Number.NaN
  const name = `${WRITERS} writers`
  return [
    {
      name: `${name}, ${items * WRITERS} items of their own: lost`,
      value: lostItems,
      unit: 'items',
      atMost: 0,
    },
    {
      name: `${name}, ${raised} changes of one item: lost`,
      value: Math.abs(raised - stands),
      unit: 'changes',
      atMost: 0,
    },
    {
      name: `${name}: refused by name, and tried again`,
      value: sum(wrote.map((one) => one.refused)),
      unit: 'changes',
    },
    { name: `${name}: breaks in the record`, value: breaks.length, unit: 'breaks', atMost: 0 },
    { name: `${name}: written by all`, value: (items * WRITERS + raised) / seconds, unit: 'changes/s' },
  ]
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
