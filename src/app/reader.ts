/** A store opened once more, to read: a thread loads this module by its address. */
import type { Log } from '../log/index.ts'
import { memoryProjection } from '../memory/index.ts'

const projections = [memoryProjection]

/** `store` as `open` was given it. */
export async function openReader(store: string): Promise<Log> {
  if (/^postgres(?:ql)?:/i.test(store)) {
    const { openPostgres } = await import('../store/postgres/index.ts')
    return openPostgres({ address: store, projections, isReadOnly: true })
  }
  const { openSqlite } = await import('../store/sqlite/index.ts')
  return openSqlite({ file: store, projections, isReadOnly: true })
}
