/**
 * Destroying what events said, on one file.
 *
 * R1. The record of an erasure, what it destroys and the rows that go with it are one transaction: a crash leaves all of it or nothing.
 * R2. So is the mark that the file has to be rewritten. Whoever opens the store goes on from there (scrub.ts).
 */
import type { DatabaseSync } from 'node:sqlite'
import { GuardFailed, type Erase, type Places, type Projection } from '../../log/index.ts'
import { recordOf } from '../erasing.ts'
import type { Destroyed } from './destroy.ts'
import type { Reader } from './reader.ts'
import { restore } from './restore.ts'
import { Rows } from './rows.ts'

/** Within a transaction. @throws {GuardFailed} */
export function erase(
  db: DatabaseSync,
  reader: Reader,
  projections: readonly Projection[],
  what: Erase,
  now: number,
): Destroyed {
  const rows = new Rows(db, projections)
  for (const { table, where } of what.unless ?? [])
    if (rows.select(table, { where, limit: 1 }).length > 0) throw new GuardFailed(table)
  const places: Record<string, Places[string]> = { ...what.places }
  const fence = db.prepare('UPDATE streams SET epoch = epoch + 1 WHERE name = ?')
  for (const stream of what.whole) {
    const head = reader.head(stream)
    if (!head || head.isPruned || head.seq === 0) continue
    places[stream] = [[1, head.seq]]
    fence.run(stream)
  }
  const newest = db.prepare('SELECT at FROM events ORDER BY position DESC LIMIT 1').get()
  const at = Math.max(Math.trunc(now), Number(newest?.['at'] ?? 0))
  return restore(db, reader, projections, recordOf(what, places, at))
}
