/** Streams that another store recorded, written as they are: same hashes, same times, new positions; checked on the way in. */
import type { DatabaseSync } from 'node:sqlite'
import {
  AlreadyThere,
  ChainBroken,
  fits,
  GENESIS,
  isErased,
  sameHash,
  type Head,
  type Projection,
  type StoredEvent,
} from '../../log/index.ts'
import { ThroughlineError } from '../../errors.ts'
import { isLarge } from '../blob.ts'
import { Coming } from '../coming.ts'
import { Bodies } from './bodies.ts'
import { destroy, type Destroyed } from './destroy.ts'
import { erasuresOf } from './verify.ts'
import type { Reader } from './reader.ts'
import { RowRefused, Rows } from './rows.ts'

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

/** Within a transaction. @throws {AlreadyThere} @throws {ChainBroken} */
export function restore(
  db: DatabaseSync,
  reader: Reader,
  projections: readonly Projection[],
  recorded: Recorded,
): Destroyed {
  const coming = new Coming(recorded.alreadyHere)
  const rows = new Rows(db, projections)
  const bodies = new Bodies(db)
  const insert = db.prepare(
    'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?)',
  )
  const incoming = new Map(recorded.heads.map((head) => [head.stream, create(db, reader, head)]))
  let position = reader.tip()
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
    coming.add(event)
    const body = event.body ?? null
    const blob = body !== null && isLarge(body) ? bodies.put(body, `tenant:${event.tenant}`) : null
    insert.run(
      ++position,
      stream.id,
      event.seq,
      event.kind,
      event.version,
      event.name ?? null,
      event.ordinal ?? null,
      event.after ?? null,
      event.at,
      event.actor ?? null,
      event.keyId ?? null,
      event.encoding,
      blob === null ? body : null,
      blob,
      event.digest ?? null,
      Buffer.concat([event.salt, event.hash]),
    )
    project({ ...event, position }, projections, rows)
  }
  for (const { head, hash, seq } of incoming.values()) {
    if (!head.isPruned && (seq !== head.seq || !sameHash(hash, head.hash)))
      throw new ChainBroken(head.stream, seq + 1, `its head says ${head.seq} events, ${seq} came`)
    const origin = head.continues && reader.head(head.continues.stream)
    if (head.continues && (!origin || !sameHash(origin.hash, head.continues.hash)))
      throw new ChainBroken(
        head.stream,
        1,
        `it continues ${head.continues.stream}, which did not come with it`,
      )
  }
  const isHere = (stream: string) => reader.head(stream) !== undefined
  const places = coming.placesIn(new Set(coming.streams().filter(isHere)), new Set(incoming.keys()))
  if (coming.hasEmpty) coming.check(erasuresOf(reader))
  return destroy(db, reader, places)
}

/** A chain can be sound around a body that makes no sense: whoever can hash can write one. */
function project(event: StoredEvent, projections: readonly Projection[], rows: Rows): void {
  try {
    for (const projection of projections) {
      if (projection.mode !== 'inline' || !projection.kinds.includes(event.kind) || isErased(event)) continue
      for (const change of projection.apply(event)) rows.change(change)
    }
  } catch (error) {
    if (error instanceof ThroughlineError) throw error
    if (error instanceof RowRefused)
      throw new AlreadyThere(
        `A row of "${error.table}" that ${event.stream} needs (${JSON.stringify(error.row)})`,
      )
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
    if (code !== undefined && code !== CONSTRAINT && code !== MISMATCH) throw error
    throw new ChainBroken(event.stream, event.seq, `its body is not that of a ${event.kind} event`)
  }
}

const CONSTRAINT = 19
const MISMATCH = 20

function create(db: DatabaseSync, reader: Reader, head: Head): Incoming {
  if (reader.head(head.stream)) throw new AlreadyThere(head.stream)
  const origin = head.continues
  const row = db
    .prepare(
      'INSERT INTO streams (name, tenant, seq, hash, epoch, continues, continues_hash, pruned) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id',
    )
    .get(
      head.stream,
      head.tenant,
      head.seq,
      head.hash,
      head.epoch,
      origin?.stream ?? null,
      origin?.hash ?? null,
      head.isPruned ? 1 : 0,
    )
  return { id: Number(row?.['id']), head, hash: origin?.hash ?? GENESIS, seq: 0 }
}
