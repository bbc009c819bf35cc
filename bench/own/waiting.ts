/** Runs that wait: what 10,000 of them cost in memory, and how soon one and all of them go on. */
import { join } from 'node:path'
import { discard, scratch } from '../scratch.ts'
import { inProcess } from './process.ts'
import type { Figure, OwnOptions } from './figure.ts'

interface Memory {
  readonly rss: number
  readonly heap: number
}

const scenario = join(import.meta.dirname, 'waiting-scenario.ts')

export async function waiting({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const runs = quick ? 1_000 : 10_000
  const folder = scratch('waiting')
  tell(`waiting: bringing ${runs} runs of 50 events to a wait`)
  const made = await inProcess<{ heapBytes: number }>(scenario, ['create', folder, `${runs}`], 600_000)
  const empty = await inProcess<Memory>(scenario, ['idle', folder])
  tell('waiting: waking them')
  const full = await inProcess<{ memory: Memory; wakeMs: number; allSeconds: number }>(
    scenario,
    ['wake', folder],
    600_000,
  )
  discard(folder)
  const label = `${runs} waiting runs`
  // The targets are for 10,000: a tenth of them proves nothing about memory or about waking all.
  const atMost = (limit: number) => (quick ? {} : { atMost: limit })
  return [
    {
      name: `${label}: memory over an idle process (rss)`,
      value: (full.memory.rss - empty.rss) / 1e6,
      unit: 'MB',
      ...atMost(20),
    },
    {
      name: `${label}: heap more in the process that made them`,
      value: made.heapBytes / 1e6,
      unit: 'MB',
      ...atMost(20),
    },
    { name: `${label}: waking one`, value: full.wakeMs, unit: 'ms', atMost: 20 },
    { name: `${label}: waking all`, value: full.allSeconds, unit: 's', ...atMost(8) },
  ]
}
