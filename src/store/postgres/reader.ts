/**
 * Events and heads as the database holds them.
 *
 * What was archived is found as well. Of a stream, it comes before what was not; and since events only ever move into the archive,
 * whoever looks there last misses nothing.
 */
import type { Head, StoredEvent } from '../../log/index.ts'
import { unpackBlob } from '../blob.ts'
import { SALT_BYTES } from '../seal.ts'
import type { Statement, Values } from './connection.ts'
import { fromStore, quote, toStore } from './text.ts'

export const PAGE = 1000
/** So much of each is read of streams that are opened together. */
const OPENING = 32
/** Beyond every name: no character sorts after it. */
const LAST = '\u{10ffff}'

export type Select = (statement: Statement) => Promise<readonly Values[]>

export interface HeadsOptions {
  readonly after?: string
  readonly under?: string
  readonly limit?: number
}

/** Where a stream is read from. */
export interface Opening {
  readonly stream: string
  readonly from: number
}

export class Reader {
  readonly #select: Select
  readonly #sql

  /** `select` decides on which connection, and how patiently. */
  constructor(schema: string, select: Select) {
    this.#select = select
    const s = quote(schema)
    const columns = `s.name, s.tenant, e.position, e.seq, e.kind, e.version, e.name, e.ordinal, e.after, e.at, e.actor, d.name, e.key_id, e.encoding, e.body, e.blob, b.bytes, e.digest, e.seal`
    const from = (table: string) =>
      `SELECT ${columns} FROM ${s}.${table} e JOIN ${s}.streams s ON s.id = e.stream LEFT JOIN ${s}.blobs b ON b.id = e.blob LEFT JOIN ${s}.domains d ON d.id = e.domain`
    const both = (table: string) => ({
      stream: `${from(table)} WHERE s.name = $1 AND e.seq >= $2 ORDER BY e.seq LIMIT ${PAGE}`,
      at: `${from(table)} WHERE e.position = ANY ($1::bigint[])`,
      between: `${from(table)} WHERE (e.stream, e.seq) > ($1, $2) AND e.stream <= $3 ORDER BY e.stream, e.seq LIMIT ${PAGE}`,
    })
    const heads = `SELECT name, tenant, seq, hash, epoch, continues, continues_hash, pruned, id FROM ${s}.streams`
    this.#sql = {
      events: both('events'),
      archive: both('events_archive'),
      // In one statement: an event that is moved meanwhile is seen in one place.
      feed: `SELECT * FROM (${from('events')} WHERE e.position > $1 ORDER BY e.position LIMIT ${PAGE}) live
        UNION ALL SELECT * FROM (${from('events_archive')} WHERE e.position > $1 ORDER BY e.position LIMIT ${PAGE}) old ORDER BY 3 LIMIT ${PAGE}`,
      head: `${heads} WHERE name = $1`,
      openings: `SELECT ${columns}, x.nr::int FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY x(name, seq, nr) JOIN ${s}.streams s ON s.name = x.name
        CROSS JOIN LATERAL (SELECT * FROM ${s}.events e WHERE e.stream = s.id AND e.seq >= x.seq ORDER BY e.seq LIMIT ${OPENING}) e
        LEFT JOIN ${s}.blobs b ON b.id = e.blob LEFT JOIN ${s}.domains d ON d.id = e.domain ORDER BY x.nr, e.seq`,
      headsNamed: `${heads} WHERE name = ANY ($1::text[])`,
      heads: `${heads} WHERE id > CASE $1 WHEN '' THEN 0 ELSE (SELECT id FROM ${s}.streams WHERE name = $1) END AND name >= $2 AND name < $3 ORDER BY id LIMIT $4`,
      count: `SELECT (SELECT count(*) FROM ${s}.events) + (SELECT count(*) FROM ${s}.events_archive)`,
      tip: `SELECT position FROM ${s}.tip`,
    }
  }

  /** Events of a stream from `from` on, up to 1,000. */
  async page({ stream, from }: Opening): Promise<readonly StoredEvent[]> {
    const values = [toStore(stream), from]
    const live = await this.#events('stream', this.#sql.events.stream, values)
    if (live[0]?.seq === from) return live
    const archived = await this.#events('stream_archived', this.#sql.archive.stream, values)
    const last = archived.at(-1)?.seq ?? 0
    return [...archived, ...live.filter((event) => event.seq > last)].slice(0, PAGE)
  }

  /** Each of several streams whole from `from` on, where that is short and none of it was archived; else undefined. */
  async openings(asked: readonly Opening[]): Promise<readonly (readonly StoredEvent[] | undefined)[]> {
    const values = [asked.map(({ stream }) => toStore(stream)), asked.map(({ from }) => from)]
    const rows = await this.#select({ name: 'openings', text: this.#sql.openings, values })
    const found = Map.groupBy(rows, (row) => Number(row[19]) - 1)
    return asked.map(({ from }, i) => {
      const events = found.get(i)?.map(eventOf) ?? []
      return events[0]?.seq === from && events.length < OPENING ? events : undefined
    })
  }

  /** Events after a position, up to 1,000. */
  feed(after: number): Promise<readonly StoredEvent[]> {
    return this.#events('feed', this.#sql.feed, [after])
  }

  async at(positions: readonly number[]): Promise<readonly StoredEvent[]> {
    if (positions.length === 0) return []
    const found = new Map<number, StoredEvent>()
    const collect = async (name: string, text: string) => {
      const missing = positions.filter((position) => !found.has(position))
      if (missing.length === 0) return
      for (const event of await this.#events(name, text, [missing])) found.set(event.position, event)
    }
    await collect('at', this.#sql.events.at)
    await collect('at_archived', this.#sql.archive.at)
    return positions.map((position) => found.get(position)).filter((event) => event !== undefined)
  }

  /** Events of the streams numbered up to `last`, after one of them, in the order of streams and seqs; archived ones or the others. */
  async between(
    after: { readonly stream: number; readonly seq: number },
    last: number,
    isArchived: boolean,
  ): Promise<readonly StoredEvent[]> {
    const { between } = isArchived ? this.#sql.archive : this.#sql.events
    return this.#events(isArchived ? 'between_archived' : 'between', between, [after.stream, after.seq, last])
  }

  async head(stream: string): Promise<Head | undefined> {
    const [row] = await this.#select({ name: 'head', text: this.#sql.head, values: [toStore(stream)] })
    return row && headOf(row)
  }

  async headsNamed(streams: readonly string[]): Promise<readonly NumberedHead[]> {
    const rows = await this.#select({ text: this.#sql.headsNamed, values: [streams.map(toStore)] })
    return rows.map(numberedHeadOf)
  }

  async heads(options: HeadsOptions = {}): Promise<readonly NumberedHead[]> {
    const { after = '', under = '', limit = 500 } = options
    const values = [toStore(after), toStore(under), `${toStore(under)}${LAST}`, limit]
    return (await this.#select({ name: 'heads', text: this.#sql.heads, values })).map(numberedHeadOf)
  }

  async count(): Promise<number> {
    return Number((await this.#select({ text: this.#sql.count, isLong: true }))[0]?.[0])
  }

  async tip(): Promise<number> {
    return Number((await this.#select({ name: 'tip', text: this.#sql.tip }))[0]?.[0])
  }

  async #events(name: string, text: string, values: readonly unknown[]): Promise<readonly StoredEvent[]> {
    return (await this.#select({ name: `events_${name}`, text, values })).map(eventOf)
  }
}

/** A head, and the number that its events name it by. */
export interface NumberedHead extends Head {
  readonly id: number
}

/** Columns in the order of the statement, with the types the tables declare: that is what makes the casts below hold. */
function eventOf(row: Values): StoredEvent {
  const seal = row[18] as Uint8Array
  return {
    stream: fromStore(row[0] as string),
    tenant: fromStore(row[1] as string),
    position: row[2] as number,
    seq: row[3] as number,
    kind: row[4] as string,
    version: row[5] as number,
    name: textOf(row[6]),
    ordinal: (row[7] ?? undefined) as number | undefined,
    after: textOf(row[8]),
    at: row[9] as number,
    actor: textOf(row[10]),
    domain: textOf(row[11]),
    keyId: textOf(row[12]),
    encoding: row[13] as number,
    body: row[15] === null ? ((row[14] ?? undefined) as string | undefined) : unpackOrUndefined(row[16]),
    digest: (row[17] ?? undefined) as Uint8Array | undefined,
    salt: seal.subarray(0, SALT_BYTES),
    hash: seal.subarray(SALT_BYTES),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? fromStore(value) : undefined
}

/** A damaged or missing blob reads as no body: the chain, which knows its digest, then says which event it is. */
function unpackOrUndefined(bytes: unknown): string | undefined {
  try {
    return bytes instanceof Uint8Array ? unpackBlob(bytes) : undefined
  } catch {
    return undefined
  }
}

function numberedHeadOf(row: Values): NumberedHead {
  return { ...headOf(row), id: Number(row[8]) }
}

function headOf(row: Values): Head {
  return {
    stream: fromStore(String(row[0])),
    tenant: fromStore(String(row[1])),
    seq: Number(row[2]),
    hash: row[3] as Uint8Array, // bytea NOT NULL
    epoch: Number(row[4]),
    continues:
      typeof row[5] === 'string' ? { stream: fromStore(row[5]), hash: row[6] as Uint8Array } : undefined, // set together
    isPruned: row[7] === true,
  }
}
