/** Streams by the beginning of their names. */
import type { Log } from '../../log/index.ts'

/** The names of streams that begin so. */
export async function* namesUnder(log: Log, under: string): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const heads = await log.heads(after === '' ? { under } : { under, after })
    for (const { stream } of heads) yield stream
    const last = heads.at(-1)
    if (!last) return
    after = last.stream
  }
}
