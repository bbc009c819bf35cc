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

const EMPTY = new Uint8Array(0)
let scratch = Buffer.allocUnsafe(4096)

/** H(salt ‖ body): what the chain knows of a body. */
export function digestOf(salt: Uint8Array, body: Uint8Array = EMPTY): Uint8Array {
  const length = salt.length + body.length
  if (length > scratch.length) return hash('sha256', Buffer.concat([salt, body]), 'buffer')
  scratch.set(salt, 0)
  scratch.set(body, salt.length)
  return hash('sha256', scratch.subarray(0, length), 'buffer')
}

/** The hash of an event, from its predecessor's hash, its header and the digest of its body. */
export function chainHash(previous: Uint8Array, event: NewEvent, header: Header, digest: Uint8Array): Uint8Array {
  const text = JSON.stringify([
    1, header.tenant, header.stream, header.seq, event.kind, event.version, event.name, event.ordinal,
    event.after, header.at, event.actor, header.keyId, header.domain, header.encoding,
  ])
  const needed = 64 + text.length * 3
  if (needed > scratch.length) scratch = Buffer.allocUnsafe(needed)
  scratch.set(previous, 0)
  const end = 32 + scratch.write(text, 32, 'utf8')
  scratch.set(digest, end)
  return hash('sha256', scratch.subarray(0, end + 32), 'buffer')
}

/** What the hash of a stored event should be after `previous`. */
export function expectedHash(previous: Uint8Array, event: StoredEvent): Uint8Array {
  return chainHash(previous, event, event, event.digest ?? digestOf(event.salt, event.body))
}

/** Whether two hashes are the same. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
