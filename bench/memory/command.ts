/**
 * Rows that a program measures for itself, as the examples do: `node <file> --json`, over the build. The last line of its stdout is
 * `{ "figures": [{ "name", "value", "unit", "atMost"?, "atLeast"? }] }`.
 */
import { join } from 'node:path'
import { inProcess } from '../own/process.ts'
import { repository } from '../product.ts'
import type { Figure, OwnOptions } from '../own/figure.ts'

export function byCommand(file: string) {
  return async ({ tell }: OwnOptions): Promise<Figure[]> => {
    tell(`node ${file}`)
    const { figures } = await inProcess<{ readonly figures: readonly Figure[] }>(join(repository, file), [
      '--json',
    ])
    if (figures.length === 0) throw new Error(`${file} gave no figures.`)
    return [...figures]
  }
}
