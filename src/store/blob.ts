/**
 * Bodies that are stored apart: how they are told, packed, and addressed; the same on every store.
 *
 * The address is an HMAC under the domain's own key: equal contents of two domains have nothing in common, and an address
 * tells nobody what it holds.
 *
 * The compressed bytes end with a sum of themselves, in a frame that zstd skips. Without it one changed bit in a hundred
 * decompresses to the same body (bits that zstd does not read, other ways to say the same), and nobody would notice.
 */
import { createHmac } from 'node:crypto'
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

const INLINE_BELOW = 1024

/** Whether a body is stored apart. A character is one to three bytes: most are decided without counting. */
export function isLarge(body: string): boolean {
  return (
    body.length >= INLINE_BELOW ||
    (body.length * 3 >= INLINE_BELOW && Buffer.byteLength(body) >= INLINE_BELOW)
  )
}

/** Where a body lies within its domain. */
export function addressOf(body: Uint8Array, key: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(body).digest()
}

const SKIPPED_FRAME = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0])
const SUM_BYTES = SKIPPED_FRAME.length + 4

/** A body as it is stored. */
export function packBlob(body: Uint8Array): Uint8Array {
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
