/** Recall over a large memory: how soon it answers, what it takes to begin, and what it weighs. */
import { copyFileSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { discard, scratch } from '../scratch.ts'
import { inProcess } from '../own/process.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'

interface Quantiles {
  readonly p50: number
  readonly p95: number
  /** Of each query. */
  readonly processorMs: number
}
interface Served {
  readonly coldMs: number
  readonly mb: number
  readonly words: Quantiles
  readonly misspelt: Quantiles
  readonly scoped: Quantiles
  readonly pauseMs: number
  readonly freshMs: number
}

const scenario = join(import.meta.dirname, 'recall-scenario.ts')

export async function recall({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const items = quick ? 10_000 : 100_000
  const folder = scratch('recall')
  tell(`recall: writing ${items} items`)
  const { perSecond } = await inProcess<{ perSecond: number }>(
    scenario,
    ['create', folder, `${items}`],
    600_000,
  )
  tell('recall: the index made from the record')
  // A copy of the record alone: whatever was kept beside it stays behind.
  const bare = scratch('bare')
  for (const file of globSync(join(folder, 'memory.db{,-wal}')))
    copyFileSync(file, join(bare, basename(file)))
  const built = await inProcess<{ ms: number; processorMs: number; mb: number }>(scenario, ['build', bare])
  tell('recall: started again, and asked')
  const served = await inProcess<Served>(scenario, ['serve', bare, `${items}`, quick ? '200' : '1000'])
  discard(folder)
  discard(bare)
  const name = `recall over ${items} items`
  // The targets are for 100,000: a tenth of them proves nothing.
  const atMost = (limit: number) => (quick ? {} : { atMost: limit })
  return [
    { name: `${name}, 2 to 6 words: p50`, value: served.words.p50, unit: 'ms', ...atMost(5) },
    { name: `${name}, 2 to 6 words: p95`, value: served.words.p95, unit: 'ms', ...atMost(10) },
    { name: `${name}, 2 to 6 words: processor time each`, value: served.words.processorMs, unit: 'ms' },
    { name: `${name}, a word misspelt: p50`, value: served.misspelt.p50, unit: 'ms', ...atMost(5) },
    { name: `${name}, a word misspelt: p95`, value: served.misspelt.p95, unit: 'ms', ...atMost(10) },
    { name: `${name}, one scope of ten: p95`, value: served.scoped.p95, unit: 'ms', ...atMost(10) },
    { name: `${name}, right after a write: p50`, value: served.freshMs, unit: 'ms' },
    { name: `${name}: pauses of the process meanwhile, p99`, value: served.pauseMs, unit: 'ms' },
    { name: 'cold start: first answer of a process', value: served.coldMs, unit: 'ms', ...atMost(150) },
    { name: 'rebuild: first answer ever, from the record', value: built.ms / 1e3, unit: 's', ...atMost(6) },
    { name: 'rebuild: processor time', value: built.processorMs / 1e3, unit: 's' },
    {
      name: 'items indexed a second, rebuilding',
      value: items / (built.ms / 1e3),
      unit: 'items/s',
      ...(quick ? {} : { atLeast: 20_000 }),
    },
    { name: 'memory serving, over an idle process', value: served.mb, unit: 'MB', ...atMost(100) },
    { name: 'memory building, at most, over an idle process', value: built.mb, unit: 'MB', ...atMost(200) },
    { name: 'items written a second, 500 at once', value: perSecond, unit: 'items/s' },
  ]
}
