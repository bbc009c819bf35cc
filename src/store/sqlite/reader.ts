/** Events and heads as the file holds them. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Head, StoredEvent } from '../../log/index.ts'
import { unpackBlob } from './bodies.ts'

const PAGE = 1000
const COLUMNS = `e.position, s.name, s.tenant, e.seq, e.kind, e.version, e.name, e.ordinal, e.after, e.at, e.actor,
  d.name, e.key_id, e.encoding, coalesce(e.body, b.bytes), e.blob, e.digest, e.salt, e.hash`
const FROM = `FROM events e JOIN streams s ON s.id = e.stream LEFT JOIN blobs b ON b.id = e.blob LEFT JOIN domains d ON d.id = e.domain`

export class Reader {
  readonly #db: DatabaseSync
  readonly #sql

  constructor(db: DatabaseSync) {
    this.#db = db
    const rows = (sql: string) => {
      const statement = db.prepare(sql)
      statement.setReturnArrays(true)
      return statement
    }
    this.#sql = {
      stream: rows(
        `SELECT ${COLUMNS} ${FROM} WHERE e.stream = (SELECT id FROM streams WHERE name = ?) AND e.seq >= ? ORDER BY e.seq LIMIT ${PAGE}`,
      ),
      feed: rows(`SELECT ${COLUMNS} ${FROM} WHERE e.position > ? ORDER BY e.position LIMIT ${PAGE}`),
      at: rows(`SELECT ${COLUMNS} ${FROM} WHERE e.position = ?`),
      head: db.prepare('SELECT * FROM streams WHERE name = ?'),
      heads: db.prepare(
        `SELECT * FROM streams WHERE id > coalesce((SELECT id FROM streams WHERE name = ?), 0) AND name >= ? AND name < ? ORDER BY id LIMIT ?`,
      ),
      count: db.prepare('SELECT count(*) AS n FROM events'),
      tip: db.prepare('SELECT position FROM events ORDER BY position DESC LIMIT 1'),
    }
  }

  page(stream: string, from: number): readonly StoredEvent[] {
    return this.#events(this.#sql.stream.all(stream, from))
  }

  feed(after: number): readonly StoredEvent[] {
    return this.#events(this.#sql.feed.all(after))
  }

  at(position: number): StoredEvent | undefined {
    return this.#events(this.#sql.at.all(position))[0]
  }

  head(stream: string): Head | undefined {
    const row = this.#sql.head.get(stream)
    return row && headOf(row)
  }

  heads(after: string, under: string, limit: number): readonly Head[] {
    return this.#sql.heads.all(after, under, `${under}\u{10ffff}`, limit).map(headOf)
  }

  count(): number {
    return Number(this.#sql.count.get()?.['n'])
  }

  tip(): number {
    return Number(this.#sql.tip.get()?.['position'] ?? 0)
  }

  /** Whether SQLite itself finds its pages sound; what it says otherwise. */
  integrity(): readonly string[] {
    return this.#db
      .prepare('PRAGMA integrity_check(5)')
      .all()
      .map((row) => String(row['integrity_check']))
      .filter((line) => line !== 'ok')
  }

  #events(rows: unknown): readonly StoredEvent[] {
    return (rows as SQLOutputValue[][]).map(eventOf) // setReturnArrays(true): every row is an array
  }
}

/** STRICT columns in the order of COLUMNS: that is what makes the casts below hold. */
function eventOf(row: readonly SQLOutputValue[]): StoredEvent {
  const bytes = row[14] as Uint8Array | null
  return {
    position: row[0] as number,
    stream: row[1] as string,
    tenant: row[2] as string,
    seq: row[3] as number,
    kind: row[4] as string,
    version: row[5] as number,
    name: (row[6] ?? undefined) as string | undefined,
    ordinal: (row[7] ?? undefined) as number | undefined,
    after: (row[8] ?? undefined) as string | undefined,
    at: row[9] as number,
    actor: (row[10] ?? undefined) as string | undefined,
    domain: (row[11] ?? undefined) as string | undefined,
    keyId: (row[12] ?? undefined) as string | undefined,
    encoding: row[13] as number,
    body: bytes === null ? undefined : row[15] === null ? bytes : unpackOrUndefined(bytes),
    digest: (row[16] ?? undefined) as Uint8Array | undefined,
    salt: row[17] as Uint8Array,
    hash: row[18] as Uint8Array,
  }
}

/** A damaged blob reads as no body: the chain, which knows its digest, then says which event it is. */
function unpackOrUndefined(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return unpackBlob(bytes)
  } catch {
    return undefined
  }
}

function headOf(row: Record<string, SQLOutputValue>): Head {
  return {
    stream: String(row['name']),
    tenant: String(row['tenant']),
    seq: Number(row['seq']),
    hash: row['hash'] as Uint8Array,
    epoch: Number(row['epoch']),
    continues:
      row['continues'] === null
        ? undefined
        : { stream: String(row['continues']), hash: row['continues_hash'] as Uint8Array },
    isPruned: Number(row['pruned']) === 1,
  }
}
