/** What a store on a file holds of events and their bodies, before compression and after. */
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

export interface Stored {
  /** Every column of every event, bodies as the text they are; a body that several events have, once. */
  readonly before: number
  /** The same columns as the file holds them. */
  readonly after: number
  /** The whole file, with its indexes and views, its log written back. */
  readonly file: number
  readonly events: number
}

export function storedIn(path: string): Stored {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  let before = 0
  let after = 0
  let events = 0
  for (const row of db.prepare('SELECT * FROM events').iterate()) {
    events++
    const bytes = Object.values(row).reduce<number>((sum, value) => sum + bytesOf(value), 0)
    before += bytes
    after += bytes
  }
  for (const { bytes, size, ...row } of db.prepare('SELECT * FROM blobs').iterate()) {
    const others = Object.values(row).reduce<number>((sum, value) => sum + bytesOf(value), bytesOf(size))
    before += others + Number(size)
    after += others + bytesOf(bytes)
  }
  db.close()
  return { before, after, file: statSync(path).size, events }
}

/** As SQLite stores it: whole numbers in as many bytes as they need. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof Uint8Array) return value.length
  if (typeof value !== 'number' || value === 0 || value === 1) return 0
  return [1, 2, 3, 4, 6].find((bytes) => value < 2 ** (8 * bytes - 1)) ?? 8
}
