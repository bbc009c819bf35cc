/** What whoever takes over waits for. */
import { join } from 'node:path'
import { inProcess } from '../own/process.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'

interface Briefed {
  readonly firstMs: number
  readonly again: Quantiles
  readonly after: Quantiles
}
interface Quantiles {
  readonly p50: number
  readonly p95: number
}

export async function brief({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const events = quick ? 1_000 : 10_000
  tell(`brief: a run of ${events} events`)
  const scenario = join(import.meta.dirname, 'brief-scenario.ts')
  const { firstMs, again, after } = await inProcess<Briefed>(scenario, [`${events}`])
  const name = `brief of a run of ${events} events`
  const limit = quick ? {} : { atMost: 15 }
  return [
    { name: `${name}, something having changed: p50`, value: after.p50, unit: 'ms', ...limit },
    { name: `${name}, something having changed: p95`, value: after.p95, unit: 'ms' },
    { name: `${name}, nothing having changed: p50`, value: again.p50, unit: 'ms', ...limit },
    { name: `${name}, the first in a process`, value: firstMs, unit: 'ms' },
  ]
}
