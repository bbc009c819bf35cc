/** A connection to the file, set so that a commit that returned is on the disk. */
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ThroughlineError } from '../../errors.ts'
import { refuseForeign } from './schema.ts'
import { CHECKPOINT_FRAMES } from './wal.ts'

/** There is no file where one was expected. */
export class StoreMissing extends ThroughlineError {
  constructor(file: string) {
    super('store_missing', {
      message: `There is no store at ${file}. Check --store (or THROUGHLINE_STORE); "throughline run" creates one.`,
      data: { file },
    })
  }
}

export interface ConnectOptions {
  readonly isReadOnly?: boolean
  readonly mustExist?: boolean
}

/** @throws {StoreMissing} */
export function connect(file: string, options: ConnectOptions = {}): DatabaseSync {
  if ((options.mustExist || options.isReadOnly) && file !== ':memory:' && !existsSync(file))
    throw new StoreMissing(file)
  if (file !== ':memory:' && existsSync(file) && statSync(file).isDirectory())
    throw new StoreMissing(`${file} (a folder)`)
  const db = new DatabaseSync(file, { readOnly: options.isReadOnly ?? false, timeout: 100 })
  if (options.isReadOnly) return db
  try {
    refuseForeign(db, file)
    // secure_delete: what is erased must not stay readable in free pages.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_FRAMES};
      PRAGMA secure_delete = FAST; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
