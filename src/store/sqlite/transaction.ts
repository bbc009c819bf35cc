/** All of some work, or none of it, before anybody else writes. */
import type { DatabaseSync } from 'node:sqlite'

export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** What some work would come to; nothing of it is kept. */
export function inVain<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    return work()
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK')
  }
}
