/** Events and heads as the file holds them. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Head, StoredEvent } from '../../log/index.ts'
import { unpackBlob } from '../blob.ts'
import { SALT_BYTES, SEAL_BYTES } from '../seal.ts'

export const PAGE = 1000
const COLUMNS = `e.stream, e.position, e.seq, e.kind, e.version, e.name, e.ordinal, e.after, e.at, e.actor, e.domain, e.key_id, e.encoding,
  e.body, e.blob, e.digest, hex(e.seal) FROM events e`

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
      stream: rows(`SELECT ${COLUMNS} WHERE e.stream = ? AND e.seq >= ? ORDER BY e.seq LIMIT ${PAGE}`),
      feed: rows(`SELECT ${COLUMNS} WHERE e.position > ? ORDER BY e.position LIMIT ${PAGE}`),
      at: rows(`SELECT ${COLUMNS} WHERE e.position = ?`),
      many: rows(`SELECT ${COLUMNS} WHERE e.position IN (SELECT value FROM json_each(?))`),
      id: db.prepare('SELECT id, name, tenant FROM streams WHERE name = ?'),
      name: db.prepare('SELECT id, name, tenant FROM streams WHERE id = ?'),
      blob: db.prepare('SELECT bytes FROM blobs WHERE id = ?'),
      domain: db.prepare('SELECT name FROM domains WHERE id = ?'),
      head: db.prepare('SELECT * FROM streams WHERE name = ?'),
      heads: db.prepare(
        `SELECT * FROM streams WHERE id > CASE ?1 WHEN '' THEN 0 ELSE (SELECT id FROM streams WHERE name = ?1) END AND name >= ?2 AND name < ?3 ORDER BY id LIMIT ?4`,
      ),
      count: db.prepare('SELECT count(*) AS n FROM events'),
      tip: db.prepare('SELECT position FROM events ORDER BY position DESC LIMIT 1'),
      impossible:
        db.prepare(`SELECT s.name AS stream, CAST(e.seq AS TEXT) AS seq FROM events e LEFT JOIN streams s ON s.id = e.stream
        WHERE e.position NOT BETWEEN 1 AND :tip OR ${[
          'seq',
          'version',
          'ordinal',
          'at',
          'encoding',
          'blob',
          'domain',
        ]
          .map((column) => `e.${column} NOT BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}`)
          .join(' OR ')} LIMIT 100`),
      pruned: db.prepare('SELECT sum(seq) AS n FROM streams WHERE pruned = 1'),
    }
    // Numbers that somebody has changed may be larger than any of ours.
    this.#sql.head.setReadBigInts(true)
    this.#sql.heads.setReadBigInts(true)
    this.#sql.tip.setReadBigInts(true)
  }

  page(stream: string, from: number): readonly StoredEvent[] {
    const row = this.#sql.id.get(stream)
    return row ? this.#events(this.#sql.stream.all(Number(row['id']), from), streamOf(row)) : []
  }

  feed(after: number): readonly StoredEvent[] {
    return this.#events(this.#sql.feed.all(after))
  }

  /** Those that are there, in the order they were asked for. */
  at(positions: readonly number[]): readonly StoredEvent[] {
    const [first, second] = positions
    if (first === undefined) return []
    if (second === undefined) return this.#events(this.#sql.at.all(first))
    const found = this.#events(this.#sql.many.all(JSON.stringify(positions)))
    const byPosition = new Map(found.map((event) => [event.position, event]))
    return positions.flatMap((position) => byPosition.get(position) ?? [])
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

  /** Reads that see the same moment of the store, whatever other processes commit meanwhile. */
  atOnce<T>(work: () => T): T {
    this.#db.exec('BEGIN')
    try {
      return work()
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  /** Events whose numbers cannot have come from a writer: too large to be read, or in a place that was never given out. */
  impossible(): readonly { readonly stream: string; readonly seq: number }[] {
    const tip = this.count() + Number(this.#sql.pruned.get()?.['n'] ?? 0)
    return this.#sql.impossible
      .all({ tip })
      .map((row) => ({ stream: String(row['stream']), seq: Number(row['seq']) }))
  }

  /** Whether SQLite itself finds its pages sound; what it says otherwise. */
  integrity(): readonly string[] {
    return this.#db
      .prepare('PRAGMA integrity_check(5)')
      .all()
      .map((row) => String(row['integrity_check']))
      .filter((line) => line !== 'ok')
  }

  #events(rows: unknown, only?: StreamRow): readonly StoredEvent[] {
    const streams = new Map<SQLOutputValue, StreamRow>()
    const stream = (id: SQLOutputValue): StreamRow => {
      if (only) return only
      const known = streams.get(id) ?? streamOf(this.#sql.name.get(Number(id)))
      streams.set(id, known)
      return known
    }
    const page = rows as SQLOutputValue[][] // setReturnArrays(true): every row is an array
    const seals = sealsOf(page)
    return page.map((row, i) => this.#event(row, stream(row[0] ?? null), seals, i * SEAL_BYTES))
  }

  /** STRICT columns in the order of COLUMNS: that is what makes the casts below hold. */
  #event(row: readonly SQLOutputValue[], stream: StreamRow, seals: Buffer, seal: number): StoredEvent {
    return {
      stream: stream.name,
      tenant: stream.tenant,
      position: row[1] as number,
      seq: row[2] as number,
      kind: row[3] as string,
      version: row[4] as number,
      name: (row[5] ?? undefined) as string | undefined,
      ordinal: (row[6] ?? undefined) as number | undefined,
      after: (row[7] ?? undefined) as string | undefined,
      at: row[8] as number,
      actor: (row[9] ?? undefined) as string | undefined,
      domain: row[10] === null ? undefined : String(this.#sql.domain.get(row[10] as number)?.['name']),
      keyId: (row[11] ?? undefined) as string | undefined,
      encoding: row[12] as number,
      body: row[14] === null ? textOrUndefined(row[13]) : this.#blob(row[14] as number),
      digest: (row[15] ?? undefined) as Uint8Array | undefined,
      salt: seals.subarray(seal, seal + SALT_BYTES),
      hash: seals.subarray(seal + SALT_BYTES, seal + SEAL_BYTES),
    }
  }

  #blob(id: number): string | undefined {
    const bytes = this.#sql.blob.get(id)?.['bytes']
    return bytes instanceof Uint8Array ? unpackOrUndefined(bytes) : undefined
  }
}

/** The seals of a page in one buffer: read as text, because a value of bytes costs an allocation outside the heap each. */
function sealsOf(page: readonly (readonly SQLOutputValue[])[]): Buffer {
  const seals = Buffer.alloc(page.length * SEAL_BYTES)
  page.forEach((row, i) => seals.write(row[16] as string, i * SEAL_BYTES, SEAL_BYTES, 'hex'))
  return seals
}

interface StreamRow {
  readonly name: string
  readonly tenant: string
}

function streamOf(row: Record<string, SQLOutputValue> | undefined): StreamRow {
  return { name: String(row?.['name']), tenant: String(row?.['tenant']) }
}

/** The one column of any type: a body that is no text was put there by somebody else, and reads as none, as a damaged blob does. */
function textOrUndefined(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A damaged blob reads as no body: the chain, which knows its digest, then says which event it is. */
function unpackOrUndefined(bytes: Uint8Array): string | undefined {
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
    isPruned: Number(row['pruned']) !== 0,
  }
}
