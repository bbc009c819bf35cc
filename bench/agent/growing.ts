/** A hundred calls, and a conversation of 200,000 tokens. */
import { join } from 'node:path'
import { inProcess } from '../own/process.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'
import type { Stored } from './stored.ts'

interface Grown {
  readonly uniqueBytes: number
  readonly tokens: number
  readonly stored: Stored
  readonly commitsEach: number
  readonly aloneMs: number
  readonly recordedMs: number
  readonly syncedMs: number
  readonly addedMs: number
}

/** Calls, tokens, rounds. */
export const sizeOf = (quick: boolean): readonly string[] =>
  quick ? ['30', '60000', '1'] : ['100', '200000', '3']

export async function growing({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const size = sizeOf(quick)
  tell(`growing: ${size[0]} calls, ${size[1]} tokens`)
  const grown = await inProcess<Grown>(join(import.meta.dirname, 'growing-scenario.ts'), size, 600_000)
  const { uniqueBytes, stored, tokens } = grown
  const name = `${size[0]} calls, ${Math.round(tokens / 1000)},000 tokens`
  const atMost = (limit: number) => (quick ? {} : { atMost: limit })
  return [
    { name: `${name}: said once`, value: uniqueBytes / 1000, unit: 'kB' },
    {
      name: `${name}: stored before compression`,
      value: stored.before / uniqueBytes,
      unit: '×',
      atMost: 1.15,
    },
    { name: `${name}: stored after compression`, value: stored.after / uniqueBytes, unit: '×', atMost: 0.5 },
    { name: `${name}: the file, with all its views`, value: stored.file / uniqueBytes, unit: '×' },
    { name: `${name}: events`, value: stored.events, unit: 'events' },
    { name: 'a call at full context, without us: the SDK’s own', value: grown.aloneMs, unit: 'ms' },
    { name: 'a call at full context, on the record', value: grown.recordedMs, unit: 'ms' },
    { name: `of it, ${grown.commitsEach} synced writes`, value: grown.syncedMs, unit: 'ms' },
    { name: 'added to a call, beyond the synced writes', value: grown.addedMs, unit: 'ms', ...atMost(2) },
  ]
}
