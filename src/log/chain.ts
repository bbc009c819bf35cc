/**
 * The hash chain of a stream.
 *
 *     hash(n) = H( hash(n-1) ‖ header(n) ‖ H( salt(n) ‖ body(n) ) )       H = SHA-256
 *
 * C1. Tenant, stream, seq, kind, operation, time, actor, key and body: nothing about an event can change unseen.
 * C2. The body enters through a salted digest, so that body and salt can be destroyed while the chain still verifies,
 *     and nobody can test a guess about what was destroyed.
 * C3. The first event of a stream chains to zeros, or to the head of the stream it continues.
 * C4. So do the words that people choose for an operation and the name of whoever acts (encoding 2): they go with the body. In the
 *     header, where encoding 1 has them, they could never be erased.
 */
import { hash } from 'node:crypto'
import type { NewEvent, StoredEvent } from './event.ts'

/** How events are recorded now: JSON, its labels in the digest. 1: JSON, its labels in the header. */
export const ENCODING = 2

export const GENESIS: Uint8Array = new Uint8Array(32)

export interface Header {
  readonly tenant: string
  readonly stream: string
  readonly seq: number
  readonly at: number
  readonly domain?: string | undefined
  readonly keyId?: string | undefined
  readonly encoding: number
}

const HASH_BYTES = 32
let scratch = Buffer.allocUnsafe(4096)

function roomFor(bytes: number): Buffer {
  if (bytes > scratch.length) scratch = Buffer.allocUnsafe(bytes)
  return scratch
}

// Hashes leave the hash function as binary (latin1) text, a character a byte: less than half the cost of a Buffer each.

/** H(salt ‖ labels ‖ body): what the chain knows of them. */
export function digestOf(event: NewEvent, encoding: number, salt: Uint8Array): Uint8Array {
  return Buffer.from(digestText(event, encoding, salt), 'latin1')
}

function digestText(event: NewEvent, encoding: number, salt: Uint8Array): string {
  const labels = encoding === 1 ? '' : `[${labelsOf(event)}]`
  const { body = '' } = event
  const room = roomFor(salt.length + (labels.length + body.length) * 3)
  room.set(salt, 0)
  let end = salt.length
  if (labels !== '') end += room.write(labels, end, 'utf8')
  end += room.write(body, end, 'utf8')
  return hash('sha256', room.subarray(0, end), 'binary')
}

const labelsOf = ({ name, after, actor }: NewEvent): string => `${json(name)},${json(after)},${json(actor)}`

/**
 * Seals an event: from its predecessor's hash, its header and its salted body comes its own hash.
 * `seal` begins with `saltBytes` of salt and is filled up with the hash, which is returned as a view of it.
 */
export function sealInto(
  seal: Buffer,
  saltBytes: number,
  previous: Uint8Array,
  event: NewEvent,
  header: Header,
): Uint8Array {
  seal.write(chainText(previous, event, header, seal.subarray(0, saltBytes), undefined), saltBytes, 'latin1')
  return seal.subarray(saltBytes)
}

function chainText(
  previous: Uint8Array,
  event: NewEvent,
  header: Header,
  salt: Uint8Array,
  digest: Uint8Array | undefined,
): string {
  const bodyDigest =
    digest === undefined ? digestText(event, header.encoding, salt) : Buffer.from(digest).toString('latin1')
  const text = headerText(event, header)
  const room = roomFor(2 * HASH_BYTES + text.length * 3)
  room.set(previous, 0)
  const end = HASH_BYTES + room.write(text, HASH_BYTES, 'utf8')
  room.write(bodyDigest, end, 'latin1')
  return hash('sha256', room.subarray(0, end + HASH_BYTES), 'binary')
}

/** The header as JSON: an array in a fixed order, its first element the version of this layout, its last the encoding. */
function headerText(event: NewEvent, header: Header): string {
  const opening = `${openingOf(header.tenant, header.stream)}${header.seq},${json(event.kind)},${event.version},`
  const middle =
    header.encoding === 1
      ? `${json(event.name)},${event.ordinal ?? null},${json(event.after)},${header.at},${json(event.actor)}`
      : `${event.ordinal ?? null},${header.at}`
  return `${opening}${middle},${json(header.keyId)},${json(header.domain)},${header.encoding}]`
}

const lastOpening = { tenant: '', stream: '', text: '' }

/** How the headers of a stream begin. Remembered for the last one asked for: events are verified stream by stream. */
function openingOf(tenant: string, stream: string): string {
  if (lastOpening.tenant !== tenant || lastOpening.stream !== stream)
    Object.assign(lastOpening, { tenant, stream, text: `[1,${json(tenant)},${json(stream)},` })
  return lastOpening.text
}

function json(text: string | undefined): string {
  return text === undefined ? 'null' : JSON.stringify(text)
}

/** Whether what was said was destroyed: a digest is left of it. Whether that was an erasure, the record of erasures says. */
export function isErased({ digest, body, encoding, name, after, actor }: StoredEvent): boolean {
  if (digest === undefined || body !== undefined) return false
  return encoding === 1 || (name === undefined && after === undefined && actor === undefined)
}

const wanted = Buffer.alloc(HASH_BYTES)

/** Whether a stored event is what was recorded after `previous`. */
export function fits(previous: Uint8Array, event: StoredEvent): boolean {
  // A digest stands in for what is gone, never for what is there.
  const digest = isErased(event) ? event.digest : undefined
  wanted.write(chainText(previous, event, event, event.salt, digest), 0, 'latin1')
  return event.hash.length === HASH_BYTES && wanted.equals(event.hash)
}

/** Whether two hashes are the same. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
