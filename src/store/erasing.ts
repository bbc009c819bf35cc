/** An erasure on its way to the record, and what it makes of events; the same on every store. */
import {
  digestOf,
  ENCODING,
  erasureRecorded,
  erasureStream,
  eventOf,
  GENESIS,
  isErased,
  sealInto,
  type Erase,
  type Head,
  type Places,
  type StoredEvent,
} from '../log/index.ts'
import { drawSalt, SALT_BYTES, SEAL_BYTES } from './seal.ts'

const TENANT = 'default'

/** The record of an erasure as a stream of its own, sealed. */
export function recordOf(
  { id, by, because, of, left }: Erase,
  places: Places,
  at: number,
): {
  readonly heads: readonly Head[]
  readonly events: readonly StoredEvent[]
  readonly alreadyHere: ReadonlySet<string>
} {
  const stream = erasureStream(id)
  const event = eventOf(erasureRecorded, { by, because, of, places, left })
  const seal = Buffer.allocUnsafe(SEAL_BYTES)
  drawSalt(seal)
  const header = { tenant: TENANT, stream, seq: 1, at, encoding: ENCODING }
  const hash = sealInto(seal, SALT_BYTES, GENESIS, event, header)
  const salt = seal.subarray(0, SALT_BYTES)
  const blank = { position: 0, domain: undefined, keyId: undefined }
  return {
    heads: [{ stream, tenant: TENANT, seq: 1, hash, epoch: 0, continues: undefined, isPruned: false }],
    events: [{ ...event, ...header, ...blank, salt, hash }],
    alreadyHere: new Set(Object.keys(places)),
  }
}

/** What is stored of an event from now on. */
export interface Emptied {
  readonly event: StoredEvent
  readonly digest: Uint8Array
  readonly seal: Uint8Array
  /** Its labels are in the header, which stays: an older program recorded it (chain.ts). */
  readonly keepsLabels: boolean
  readonly bytes: number
}

/** Undefined where there is nothing left to destroy. */
export function emptied(event: StoredEvent): Emptied | undefined {
  if (isErased(event)) return undefined
  return {
    event,
    digest: digestOf(event, event.encoding, event.salt),
    seal: Buffer.concat([Buffer.alloc(SALT_BYTES), event.hash]),
    keepsLabels: event.encoding === 1,
    bytes: Buffer.byteLength(event.body ?? ''),
  }
}
