/**
 * Getting the bytes of what was erased out of the file and its log.
 *
 *     rewrite ──VACUUM──▶ truncate ──checkpoint──▶ (no mark)
 *
 * What is deleted is overwritten in its page, but a page keeps copies of what was moved about on it, and free pages keep what was
 * there. So the file is written anew from what is left, and the log is cut off.
 *
 * S1. The mark is set by the transaction that erases, and taken away when nothing is left: whoever opens the store goes on.
 * S2. A reader that still looks at the store as it was keeps the log from being cut off. Nobody waits for it: it is tried again.
 * S3. The file is rewritten once, however long its log cannot be cut off.
 */
import type { DatabaseSync } from 'node:sqlite'
import { connect } from './connection.ts'
import { fromDriver, StoreUnavailable } from './errors.ts'

/** Within a transaction. */
export function mark(db: DatabaseSync): void {
  db.exec(`INSERT INTO scrubs VALUES (1, 'rewrite') ON CONFLICT (id) DO UPDATE SET stage = 'rewrite'`)
}

export function isMarked(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM scrubs').get() !== undefined
}

/** For so long others are waited for. */
const BUSY_MS = 250

/** Goes as far as others let it; whether nothing is left to do. */
export function scrub(file: string): boolean {
  const db = connect(file, { mustExist: true })
  try {
    // On disk: it holds a copy of all that is left, and nothing of what was erased.
    db.exec(`PRAGMA temp_store = FILE; PRAGMA secure_delete = ON; PRAGMA busy_timeout = ${BUSY_MS}`)
    const stage = db.prepare('SELECT stage FROM scrubs').get()?.['stage']
    if (stage === undefined) return true
    if (stage === 'rewrite') {
      db.exec('VACUUM')
      db.exec(`UPDATE scrubs SET stage = 'truncate'`)
    }
    if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] !== 0) return false
    // Unless something was erased meanwhile.
    db.exec(`DELETE FROM scrubs WHERE stage = 'truncate'`)
    return !isMarked(db)
  } catch (error) {
    const known = fromDriver(error, file)
    if (known instanceof StoreUnavailable && known.retryable) return false
    throw known
  } finally {
    db.close()
  }
}
