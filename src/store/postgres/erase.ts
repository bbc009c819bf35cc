/**
 * Destroying what events said, on a database.
 *
 * R1. The record of an erasure, what it destroys and the rows that go with it are one transaction.
 * R2. The versions that rows had before stay in the tables until VACUUM takes them: which transactions that waits for is noted in the
 *     same transaction (scrub.ts). What the server wrote to its log and what was copied elsewhere is not within reach from here.
 */
import type { PoolClient } from 'pg'
import { GuardFailed, type Erase, type Places, type Projection } from '../../log/index.ts'
import { recordOf } from '../erasing.ts'
import { ask } from './connection.ts'
import type { Destroyed } from './destroy.ts'
import { restore } from './restore.ts'
import { Rows } from './rows.ts'
import { quote, toStore } from './text.ts'

export interface Where {
  readonly schema: string
  readonly projections: readonly Projection[]
  readonly now: number
}

/** Within a transaction. @throws {GuardFailed} */
export async function erase(client: PoolClient, where: Where, what: Erase): Promise<Destroyed> {
  const { schema, projections } = where
  const s = quote(schema)
  // Whoever writes holds this row: what the heads say now is so until the commit.
  const [tip] = await ask(client, { text: `SELECT at FROM ${s}.tip FOR UPDATE`, isLong: true })
  const rows = new Rows(schema, projections)
  for (const { table, where: tests } of what.unless ?? []) {
    // Not by its name: on this connection that may be another's statement.
    const { text, values = [] } = rows.select(table, { where: tests, limit: 1 })
    if ((await ask(client, { text, values })).length > 0) throw new GuardFailed(table)
  }
  const heads = await ask(client, {
    text: `UPDATE ${s}.streams SET epoch = epoch + 1 WHERE name = ANY ($1::text[]) AND NOT pruned AND seq > 0 RETURNING name, seq`,
    values: [what.whole.map(toStore)],
    isLong: true,
  })
  const seqs = new Map(heads.map(([name, seq]) => [String(name), Number(seq)]))
  const places: Record<string, Places[string]> = { ...what.places }
  for (const stream of what.whole) {
    const seq = seqs.get(toStore(stream))
    if (seq !== undefined) places[stream] = [[1, seq]]
  }
  const at = Math.max(Math.trunc(where.now), Number(tip?.[0]))
  return restore(client, schema, projections, recordOf(what, places, at))
}

/** What an erasure would come to. Thrown to give up its transaction. */
export class InVain extends Error {
  readonly destroyed: Destroyed
  constructor(destroyed: Destroyed) {
    super('nothing was to be erased')
    this.destroyed = destroyed
  }
}
