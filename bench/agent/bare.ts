/** What it costs a call of a model that takes no time. */
import { join } from 'node:path'
import { inProcess } from '../own/process.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'

interface Bare {
  readonly each: number
  readonly aloneMs: number
  readonly recordedMs: number
  readonly syncedMs: number
  readonly addedMs: number
}

export async function bare({ quick, tell }: OwnOptions): Promise<Figure[]> {
  tell('bare: calls of a model that answers at once')
  const size = quick ? ['3', '50'] : ['10', '100']
  const { each, aloneMs, recordedMs, syncedMs, addedMs } = await inProcess<Bare>(
    join(import.meta.dirname, 'bare-scenario.ts'),
    size,
  )
  return [
    { name: 'a no-op model, by the SDK alone', value: aloneMs, unit: 'ms' },
    { name: 'ctx.model + boundary + checkpoint on it', value: recordedMs, unit: 'ms' },
    { name: `of it, ${each.toFixed(1)} synced writes`, value: syncedMs, unit: 'ms' },
    { name: 'added to a call, beyond the synced writes', value: addedMs, unit: 'ms', atMost: 0.3 },
  ]
}
