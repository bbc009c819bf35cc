/**
 * Bodies of 1 KiB and more: compressed, and stored once within their erasure domain (I10).
 *
 * The address is an HMAC under the domain's own key: equal contents of two domains have nothing in common, and an address
 * tells nobody what it holds.
 *
 * The compressed bytes end with a sum of themselves, in a frame that zstd skips. Without it one changed bit in a hundred
 * decompresses to the same body (bits that zstd does not read, other ways to say the same), and nobody would notice.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

const INLINE_BELOW = 1024

/** Whether a body is stored apart. A character is one to three bytes: most are decided without counting. */
export function isLarge(body: string): boolean {
  return (
    body.length >= INLINE_BELOW ||
    (body.length * 3 >= INLINE_BELOW && Buffer.byteLength(body) >= INLINE_BELOW)
  )
}

export class Bodies {
  readonly #domains = new Map<string, { readonly id: number; readonly key: Uint8Array }>()
  readonly #findDomain
  readonly #addDomain
  readonly #share
  readonly #add

  constructor(db: DatabaseSync) {
    this.#findDomain = db.prepare('SELECT id, key FROM domains WHERE name = ?')
    this.#addDomain = db.prepare('INSERT INTO domains (name, key) VALUES (?, ?) RETURNING id')
    this.#share = db.prepare('UPDATE blobs SET refs = refs + 1 WHERE domain = ? AND address = ? RETURNING id')
    this.#add = db.prepare(
      'INSERT INTO blobs (domain, address, refs, size, bytes) VALUES (?, ?, 1, ?, ?) RETURNING id',
    )
  }

  /** Where the body now lies; the same body of the same domain always lies in one place. */
  put(text: string, domain: string): number {
    const body = Buffer.from(text)
    const { id, key } = this.#domain(domain)
    const address = createHmac('sha256', key).update(body).digest()
    const shared = this.#share.get(id, address)
    return Number((shared ?? this.#add.get(id, address, body.length, packBlob(body)))?.['id'])
  }

  /** A rolled-back transaction may have taken a new domain with it. */
  forget(): void {
    this.#domains.clear()
  }

  #domain(name: string) {
    const known = this.#domains.get(name)
    if (known) return known
    const row = this.#findDomain.get(name)
    const key = row ? (row['key'] as Uint8Array) : randomBytes(32)
    const domain = { id: Number(row ? row['id'] : this.#addDomain.get(name, key)?.['id']), key }
    this.#domains.set(name, domain)
    return domain
  }
}

const SKIPPED_FRAME = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0])
const SUM_BYTES = SKIPPED_FRAME.length + 4

function packBlob(body: Uint8Array): Uint8Array {
  const packed = zstdCompressSync(body)
  return Buffer.concat([packed, sumOf(packed)])
}

function sumOf(packed: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32(packed))
  return Buffer.concat([SKIPPED_FRAME, sum])
}

/** A stored blob as the body it was. Throws if a bit of it has changed. */
export function unpackBlob(bytes: Uint8Array): string {
  const packed = bytes.subarray(0, -SUM_BYTES)
  if (Buffer.compare(sumOf(packed), bytes.subarray(-SUM_BYTES)) !== 0)
    throw new Error('The sum of a stored body does not fit.')
  return zstdDecompressSync(packed).toString('utf8')
}

export const SALT_BYTES = 16
export const SEAL_BYTES = 48
