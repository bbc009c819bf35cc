/**
 * The hash chain of a stream.
 *
 *     hash(n) = H( hash(n-1) ‖ header(n) ‖ H( salt(n) ‖ body(n) ) )       H = SHA-256
 *
 * C1. The header names tenant, stream, seq, kind, operation, time, actor and key: nothing about an event can change unseen.
 * C2. The body enters through a salted digest, so that body and salt can be destroyed while the chain still verifies,
 *     and nobody can test a guess about what was destroyed.
 * C3. The first event of a stream chains to zeros, or to the head of the stream it continues.
 */
import { hash } from 'node:crypto'
import type { NewEvent, StoredEvent } from './event.ts'

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

/** H(salt ‖ body): what the chain knows of a body. */
export function digestOf(salt: Uint8Array, body = ''): Uint8Array {
  return Buffer.from(digestText(salt, body), 'latin1')
}

function digestText(salt: Uint8Array, body: string): string {
  const room = roomFor(salt.length + body.length * 3)
  room.set(salt, 0)
  const end = salt.length + room.write(body, salt.length, 'utf8')
  return hash('sha256', room.subarray(0, end), 'binary')
}

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
    digest === undefined ? digestText(salt, event.body ?? '') : Buffer.from(digest).toString('latin1')
  const text = headerText(event, header)
  const room = roomFor(2 * HASH_BYTES + text.length * 3)
  room.set(previous, 0)
  const end = HASH_BYTES + room.write(text, HASH_BYTES, 'utf8')
  room.write(bodyDigest, end, 'latin1')
  return hash('sha256', room.subarray(0, end + HASH_BYTES), 'binary')
}

/** The header as JSON: an array in a fixed order, its first element the version of this layout. */
function headerText(event: NewEvent, header: Header): string {
  return `${openingOf(header.tenant, header.stream)}${header.seq},${json(event.kind)},${event.version},${json(event.name)},${event.ordinal ?? null},${json(event.after)},${header.at},${json(event.actor)},${json(header.keyId)},${json(header.domain)},${header.encoding}]`
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

const wanted = Buffer.alloc(HASH_BYTES)

/** Whether a stored event is what was recorded after `previous`. */
export function fits(previous: Uint8Array, event: StoredEvent): boolean {
  // A digest stands in for a body that is gone, never for one that is there.
  const digest = event.body === undefined ? event.digest : undefined
  wanted.write(chainText(previous, event, event, event.salt, digest), 0, 'latin1')
  return event.hash.length === HASH_BYTES && wanted.equals(event.hash)
}

/** Whether two hashes are the same. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
