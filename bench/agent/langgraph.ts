/** LangGraph's saver on the same conversation: `synchronous=FULL`, `durability: 'sync'`. */
import { join } from 'node:path'
import { inProcess } from '../own/process.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'
import { sizeOf } from './growing.ts'

interface Saved {
  readonly aloneMs: number
  readonly recordedMs: number
  readonly file: number
  readonly uniqueBytes: number
}

export async function langgraph({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const size = sizeOf(quick)
  tell(`langgraph: the same ${size[0]} calls`)
  const scenario = join(import.meta.dirname, 'langgraph-scenario.ts')
  const { aloneMs, recordedMs, file, uniqueBytes } = await inProcess<Saved>(scenario, size, 600_000)
  return [
    { name: `LangGraph, ${size[0]} calls: the file`, value: file / uniqueBytes, unit: '×' },
    { name: 'LangGraph, a call at full context, without a saver', value: aloneMs, unit: 'ms' },
    { name: 'LangGraph, a call at full context, saved', value: recordedMs, unit: 'ms' },
    { name: 'LangGraph, added to a call, its writes included', value: recordedMs - aloneMs, unit: 'ms' },
  ]
}
