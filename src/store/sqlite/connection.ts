/** A connection to the file, set so that a commit that returned is on the disk. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreMissing } from '../errors.ts'
import { StoreUnavailable } from './errors.ts'
import { refuseForeign } from './schema.ts'
import { CHECKPOINT_FRAMES } from './wal.ts'

export interface ConnectOptions {
  readonly isReadOnly?: boolean
  readonly mustExist?: boolean
}

/** @throws {StoreMissing} @throws {StoreUnavailable} */
export function connect(file: string, options: ConnectOptions = {}): DatabaseSync {
  if ((options.mustExist || options.isReadOnly) && file !== ':memory:' && !existsSync(file))
    throw new StoreMissing(file)
  if (file !== ':memory:' && existsSync(file) && statSync(file).isDirectory())
    throw new StoreMissing(`${file} (a folder)`)
  if (options.isReadOnly) return connectToRead(file)
  if (file !== ':memory:') mustBeWritable(file)
  const db = new DatabaseSync(file, { timeout: 100 })
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

/**
 * In a folder that cannot be written, SQLite cannot make the files that readers of a WAL share: the file alone is read then, as
 * one that nobody changes. Where there is a log of what it lacks, that would show less than was recorded, so it is refused.
 */
function connectToRead(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 100 })
  if (file === ':memory:') return db
  try {
    db.prepare('PRAGMA user_version').get()
    return db
  } catch (error) {
    db.close()
    const hasLog = existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0
    if (hasLog || !isForWantOfWriting(error)) throw error
    const url = pathToFileURL(file)
    url.searchParams.set('immutable', '1')
    return new DatabaseSync(url, { readOnly: true })
  }
}

const READONLY = 8
const CANTOPEN = 14

function isForWantOfWriting(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  return code === READONLY || code === CANTOPEN
}

/** Said at once: SQLite opens a file it may not write, and fails only at the first commit. @throws {StoreUnavailable} @throws {StoreMissing} */
function mustBeWritable(file: string): void {
  const folder = dirname(resolve(file))
  if (!existsSync(folder)) throw new StoreMissing(`${file} (its folder is not there)`)
  try {
    accessSync(folder, constants.W_OK)
    if (existsSync(file)) accessSync(file, constants.W_OK)
  } catch (error) {
    throw new StoreUnavailable('store_read_only', file, error)
  }
}
