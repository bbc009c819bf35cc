/**
 * Streams that another store recorded, written as they are: same hashes, same times, new positions; checked on the way in.
 *
 * O1. All or nothing: what breaks, or is here already, is found on the way, and then nothing was imported. A part of it that could be seen
 *     before the rest would be runs that are carried on from half of their record.
 * O2. So the row of `tip` is held from the first position that is given to the commit, and other writers wait. Positions that were given in
 *     advance would appear behind a reader who has passed them (log.ts, L6).
 */
import type { PoolClient } from 'pg'
import {
  AlreadyThere,
  ChainBroken,
  fits,
  GENESIS,
  sameHash,
  type Head,
  type Projection,
  type StoredEvent,
} from '../../log/index.ts'
import { messageOf, ThroughlineError } from '../../errors.ts'
import { isLarge } from '../blob.ts'
import { Coming } from '../coming.ts'
import { byteas, int4s, int8s, texts } from './arrays.ts'
import { Bodies, DomainUnknown, type Domain } from './bodies.ts'
import { changeRows, RowRefused } from './change-rows.ts'
import { ask } from './connection.ts'
import { destroy, type Destroyed } from './destroy.ts'
import { codeOf } from './errors.ts'
import { findDomain } from './known.ts'
import { Reader } from './reader.ts'
import { Rows } from './rows.ts'
import { quote, toStore } from './text.ts'
import { erasuresOf } from './verify.ts'

export interface Recorded {
  readonly heads: readonly Head[]
  /** In the order the other store recorded them. */
  readonly events: Iterable<StoredEvent>
  readonly alreadyHere?: ReadonlySet<string>
}

interface Incoming {
  readonly id: number
  readonly head: Head
  hash: Uint8Array
  seq: number
}

const PAGE = 500

/** Within a transaction. @throws {AlreadyThere} @throws {ChainBroken} */
export async function restore(
  client: PoolClient,
  schema: string,
  projections: readonly Projection[],
  recorded: Recorded,
): Promise<Destroyed> {
  const s = quote(schema)
  const coming = new Coming(recorded.alreadyHere)
  const [tip] = await ask(client, { text: `SELECT position, at FROM ${s}.tip FOR UPDATE` })
  let [position, newest] = [Number(tip?.[0]), Number(tip?.[1])]
  const reader = new Reader(schema, (statement) => ask(client, statement))
  const incoming = await create(client, s, reader, recorded.heads)
  const inline = projections.filter((projection) => projection.mode === 'inline')
  const page = new Page(client, schema, inline)
  for (const event of recorded.events) {
    const stream = incoming.get(event.stream)
    if (!stream) throw new ChainBroken(event.stream, event.seq, 'no head of its stream was given')
    if (event.seq !== stream.seq + 1)
      throw new ChainBroken(event.stream, stream.seq + 1, 'the event is missing')
    if (event.tenant !== stream.head.tenant || !fits(stream.hash, event)) {
      throw new ChainBroken(
        event.stream,
        event.seq,
        'its hash does not fit its header, its body and its predecessor',
      )
    }
    stream.hash = event.hash
    stream.seq = event.seq
    newest = Math.max(newest, event.at)
    coming.add(event)
    await page.add({ ...event, position: ++position }, stream.id)
  }
  await page.write()
  for (const { head, hash, seq } of incoming.values()) {
    if (!head.isPruned && (seq !== head.seq || !sameHash(hash, head.hash)))
      throw new ChainBroken(head.stream, seq + 1, `its head says ${head.seq} events, ${seq} came`)
    const origin = head.continues && (await reader.head(head.continues.stream))
    if (head.continues && (!origin || !sameHash(origin.hash, head.continues.hash)))
      throw new ChainBroken(
        head.stream,
        1,
        `it continues ${head.continues.stream}, which did not come with it`,
      )
  }
  await ask(client, { text: `UPDATE ${s}.tip SET position = $1, at = $2`, values: [position, newest] })
  const here = new Set((await reader.headsNamed(coming.streams())).map(({ stream }) => stream))
  const places = coming.placesIn(here, new Set(incoming.keys()))
  if (coming.hasEmpty) coming.check(await erasuresOf(reader))
  return destroy(client, schema, reader, places)
}

async function create(
  client: PoolClient,
  s: string,
  reader: Reader,
  heads: readonly Head[],
): Promise<ReadonlyMap<string, Incoming>> {
  const [there] = await reader.headsNamed(heads.map((head) => head.stream))
  if (there) throw new AlreadyThere(there.stream)
  const rows = await ask(client, {
    text: `INSERT INTO ${s}.streams (name, tenant, seq, hash, epoch, continues, continues_hash, pruned)
      SELECT name, tenant, seq, hash, epoch, continues, continues_hash, pruned::boolean FROM
        unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[], $5::bigint[], $6::text[], $7::bytea[], $8::int[]) WITH ORDINALITY
        AS h(name, tenant, seq, hash, epoch, continues, continues_hash, pruned, nr) ORDER BY nr RETURNING id`,
    values: [
      texts(heads.map((head) => toStore(head.stream))),
      texts(heads.map((head) => toStore(head.tenant))),
      int8s(heads.map((head) => head.seq)),
      byteas(heads.map((head) => head.hash)),
      int8s(heads.map((head) => head.epoch)),
      texts(heads.map((head) => (head.continues ? toStore(head.continues.stream) : null))),
      byteas(heads.map((head) => head.continues?.hash)),
      int4s(heads.map((head) => (head.isPruned ? 1 : 0))),
    ],
  })
  return new Map(
    heads.map((head, i) => [
      head.stream,
      { id: Number(rows[i]?.[0]), head, hash: head.continues?.hash ?? GENESIS, seq: 0 },
    ]),
  )
}

/** Events on their way in, written some hundreds at a time. */
class Page {
  readonly #client: PoolClient
  readonly #schema: string
  readonly #projections: readonly Projection[]
  readonly #rows: Rows
  readonly #domains = new Map<string, Domain>()
  #events: (StoredEvent & { readonly id: number; readonly blob: number | null })[] = []

  constructor(client: PoolClient, schema: string, projections: readonly Projection[]) {
    this.#client = client
    this.#schema = schema
    this.#projections = projections
    this.#rows = new Rows(schema, projections)
  }

  async add(event: StoredEvent, id: number): Promise<void> {
    const { body } = event
    const isApart = body !== undefined && (isLarge(body) || body.includes('\0'))
    this.#events.push({
      ...event,
      id,
      blob: isApart ? await this.#put(body, `tenant:${event.tenant}`) : null,
    })
    if (this.#events.length >= PAGE) await this.write()
  }

  async write(): Promise<void> {
    const events = this.#events
    this.#events = []
    if (events.length === 0) return
    await ask(this.#client, {
      name: 'restore_events',
      text: `INSERT INTO ${quote(this.#schema)}.events (position, stream, seq, at, ordinal, blob, version, encoding, kind, name, after, actor, key_id, body, digest, seal)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::int[], $8::int[],
          $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bytea[], $16::bytea[])`,
      values: [
        int8s(events.map((event) => event.position)),
        int8s(events.map((event) => event.id)),
        int8s(events.map((event) => event.seq)),
        int8s(events.map((event) => event.at)),
        int8s(events.map((event) => event.ordinal)),
        int8s(events.map((event) => event.blob)),
        int4s(events.map((event) => event.version)),
        int4s(events.map((event) => event.encoding)),
        texts(events.map((event) => event.kind)),
        texts(events.map((event) => stored(event.name))),
        texts(events.map((event) => stored(event.after))),
        texts(events.map((event) => stored(event.actor))),
        texts(events.map((event) => stored(event.keyId))),
        texts(events.map((event) => (event.blob === null ? event.body : null))),
        byteas(events.map((event) => event.digest)),
        byteas(events.map((event) => Buffer.concat([event.salt, event.hash]))),
      ],
    })
    await this.#project(events)
  }

  async #put(body: string, domain: string): Promise<number> {
    const bodies = new Bodies(this.#domains)
    try {
      bodies.put(body, domain)
    } catch (error) {
      if (!(error instanceof DomainUnknown)) throw error
      this.#domains.set(
        domain,
        await findDomain((statement) => ask(this.#client, statement), this.#schema, domain),
      )
      return this.#put(body, domain)
    }
    const [blob] = bodies.blobs
    const [row] = await ask(this.#client, {
      text: `INSERT INTO ${quote(this.#schema)}.blobs AS b (domain, refs, size, address, bytes) VALUES ($1, 1, $2, $3, $4)
        ON CONFLICT (domain, address) DO UPDATE SET refs = b.refs + 1 RETURNING id`,
      values: [blob?.domain, blob?.size, blob?.address, blob?.bytes],
    })
    return Number(row?.[0])
  }

  /** A chain can be sound around a body that makes no sense: whoever can hash can write one. */
  async #project(events: readonly StoredEvent[]): Promise<void> {
    const wanted = events.map((event) => ({
      event,
      projections: this.#projections.filter((projection) => projection.kinds.includes(event.kind)),
    }))
    try {
      await changeRows(this.#client, this.#schema, this.#rows, wanted)
    } catch (error) {
      if (error instanceof ThroughlineError) throw error
      if (error instanceof RowRefused)
        throw new AlreadyThere(`A row of "${error.operation.table}" (${JSON.stringify(error.operation.row)})`)
      // Of the connection, or of the database as a whole.
      if (codeOf(error) !== '' && !/^2[23]/.test(codeOf(error))) throw error
      const [first] = events
      throw new ChainBroken(
        first?.stream ?? '',
        first?.seq ?? 0,
        `a body between it and the ${events.length} events after it is not that of its kind (${messageOf(error)})`,
      )
    }
  }
}

function stored(text: string | undefined): string | null {
  return text === undefined ? null : toStore(text)
}
