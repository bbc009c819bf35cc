/**
 * What commits cannot be faster than here and now: SQLite, WAL, synchronous=FULL, one row a commit, into a log that was grown beforehand,
 * as ours is. Made in between what is measured: a shared disk changes from second to second.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { scratch } from '../scratch.ts'

const GROWN_BYTES = 4_000_000

export class Commits {
  readonly #insert
  readonly #body: Buffer

  /** `bytes`: of each. */
  constructor(bytes: number) {
    const db = new DatabaseSync(join(scratch('commits'), 'raw.db'))
    db.exec(
      'pragma journal_mode=wal; pragma synchronous=full; create table row (id integer primary key, body blob) strict',
    )
    this.#insert = db.prepare('insert into row (body) values (?)')
    this.#insert.run(Buffer.alloc(GROWN_BYTES))
    db.exec('pragma wal_checkpoint(restart)')
    this.#body = Buffer.alloc(Math.max(1, Math.round(bytes)), 'x')
  }

  /** So many, one after another: how long they took, in milliseconds. */
  make(count: number): number {
    const from = performance.now()
    for (let i = 0; i < count; i++) this.#insert.run(this.#body)
    return performance.now() - from
  }
}
