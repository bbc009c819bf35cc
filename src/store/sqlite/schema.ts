/** The tables, and how an older file becomes a newer one: forward only, each step in one transaction. */
import type { DatabaseSync } from 'node:sqlite'
import { ForeignStore, StoreMissing, StoreNewer } from '../errors.ts'
import { SqliteTooOld } from './errors.ts'

/** "THLN": what tells a file of ours from another program's (PRAGMA application_id). */
const APPLICATION_ID = 0x54484c4e

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE store (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL) STRICT;
  INSERT INTO store VALUES (1, lower(hex(randomblob(8))));

  -- Whose a value is: what is erased together, and shared with nobody outside.
  CREATE TABLE domains (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key BLOB NOT NULL) STRICT;

  CREATE TABLE streams (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL,
    seq INTEGER NOT NULL, hash BLOB NOT NULL, epoch INTEGER NOT NULL,
    continues TEXT, continues_hash BLOB, pruned INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  -- body: text, or bytes where the encoding says so. seal: 16 bytes of salt, 32 of hash.
  -- digest: set once salt and body have been destroyed. domain: null for the tenant's own.
  CREATE TABLE events (
    position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL,
    name TEXT, ordinal INTEGER, after TEXT, at INTEGER NOT NULL, actor TEXT, domain INTEGER, key_id TEXT,
    encoding INTEGER NOT NULL, body ANY, blob INTEGER, digest BLOB, seal BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream, seq);

  CREATE TABLE blobs (
    id INTEGER PRIMARY KEY, domain INTEGER NOT NULL, address BLOB NOT NULL,
    refs INTEGER NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX blobs_by_address ON blobs (domain, address);

  CREATE TABLE projections (name TEXT PRIMARY KEY, version INTEGER NOT NULL, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // The bytes of what was erased may still be in the file: it has to be rewritten, or its log only to be cut off.
  // Older programs would take events whose labels are in the digest for tampered with: they refuse the file.
  `
  CREATE TABLE scrubs (id INTEGER PRIMARY KEY CHECK (id = 1), stage TEXT NOT NULL) STRICT;
  `,
]

/** The schema this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** Refuses what must not be touched, then brings the file to this program's schema. @throws {ForeignStore} @throws {StoreNewer} @throws {StoreMissing} */
export function migrate(db: DatabaseSync, file: string, isReadOnly: boolean): void {
  refuseOldSqlite()
  const found = refuseForeign(db, file)
  // Whoever only reads cannot make a store of an empty file.
  if (isReadOnly && found === 0) throw new StoreMissing(`${file} (the file is empty)`)
  if (isReadOnly || found === SCHEMA_VERSION) return
  db.exec('BEGIN IMMEDIATE')
  try {
    // Read again under the lock: another process may just have done it.
    for (let version = pragma(db, 'user_version'); version < SCHEMA_VERSION; version++) {
      db.exec(MIGRATIONS[version] ?? '')
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}`)
    }
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/** Called before anything about the file is changed, its journal mode included; returns the schema it has. @throws {ForeignStore} @throws {StoreNewer} */
export function refuseForeign(db: DatabaseSync, file: string): number {
  const found = pragma(db, 'user_version')
  const isEmpty = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] === 0
  if (pragma(db, 'application_id') !== APPLICATION_ID && !isEmpty)
    throw new ForeignStore(file, 'a database of another program')
  if (found > SCHEMA_VERSION) throw new StoreNewer(file, found, SCHEMA_VERSION)
  return found
}

function refuseOldSqlite(): void {
  const [major = 0, minor = 0, patch = 0] = (process.versions.sqlite ?? '0').split('.').map(Number)
  if (major * 1e6 + minor * 1e3 + patch < 3_051_003) throw new SqliteTooOld(process.versions.sqlite ?? 'none')
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}
