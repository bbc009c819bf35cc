/** What it costs a run that a value is held against what was decided. */
import { join } from 'node:path'
import { inProcess } from '../own/process.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'

interface Passed {
  readonly cold: number
  /** Processor time of each. */
  readonly used: number
  readonly p50: number
  readonly p95: number
  readonly free: number
}

export async function checkpoint({ quick, tell }: OwnOptions): Promise<Figure[]> {
  tell('checkpoint: 1,000 live rules')
  const scenario = join(import.meta.dirname, 'checkpoint-scenario.ts')
  const { cold, used, p50, p95, free } = await inProcess<Passed>(scenario, [quick ? '100' : '500'])
  const name = 'checkpoint, 1,000 live rules, 50 on it, 20 vendors'
  return [
    { name: `${name}: p50`, value: p50, unit: 'ms', atMost: 5 },
    { name: `${name}: p95`, value: p95, unit: 'ms' },
    { name: `${name}: processor time each`, value: used, unit: 'ms' },
    { name: `${name}: the first, 50 rules compiled`, value: cold, unit: 'ms' },
    { name: 'checkpoint with no rule on it: p50', value: free, unit: 'ms' },
  ]
}
