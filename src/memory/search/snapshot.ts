/**
 * An index as bytes, for a fast start.
 *
 * F1. Only what is in the index is written: rooms that were freed, numbers that were given back and caches are not. Documents are
 *     numbered anew, without gaps.
 * F2. What is damaged, cut short or of another version is refused whole. A snapshot is a cache: its owner rebuilds.
 * F3. What is read is copied out: no part of the index keeps the bytes (and with them the words of items erased later) alive.
 *
 * Layout, in 32-bit numbers of this machine's byte order (of another order, the version is not the known one): mark, version, CRC-32
 * of all that follows, documents, terms, postings; then the lengths of the documents, the bytes of each id and each term, the postings
 * of each term, all postings; then ids and terms as UTF-8.
 */
import { crc32 } from 'node:zlib'

const MARK = 0x49524c54
/** Raise it with any change of the layout, of profile.ts, or of what text becomes which terms. */
const VERSION = 1
const HEAD = 6

export interface Parts {
  readonly ids: readonly string[]
  /** Of each document, by weight. */
  readonly lengths: Uint32Array<ArrayBuffer>
  readonly terms: readonly string[]
  /** Of each term, how many postings. */
  readonly counts: Uint32Array
  readonly postings: Uint32Array
}

/** The bytes are no snapshot this version can use; build the index from the items instead. */
export class SnapshotRefused extends Error {
  constructor(why: string) {
    super(`The snapshot of the search index ${why}. Build the index anew from the items.`)
    this.name = 'SnapshotRefused'
  }
}

/** Written in place: a hundred thousand little buffers would weigh more than the index. */
export function packed(parts: Parts): Uint8Array<ArrayBuffer> {
  const { ids, terms, lengths, counts, postings } = parts
  const sizesOf = (texts: readonly string[]) => Uint32Array.from(texts, (text) => Buffer.byteLength(text))
  const [idBytes, termBytes] = [sizesOf(ids), sizesOf(terms)]
  const head = new Uint32Array([MARK, VERSION, 0, ids.length, terms.length, postings.length])
  const numbers = [head, lengths, idBytes, termBytes, counts, postings]
  const size = numbers.reduce((sum, { byteLength }) => sum + byteLength, sumOf(idBytes) + sumOf(termBytes))
  const bytes = Buffer.from(new ArrayBuffer(size))
  let at = 0
  for (const one of numbers) {
    bytes.set(bytesOf(one), at)
    at += one.byteLength
  }
  for (const text of ids) at += bytes.write(text, at)
  for (const text of terms) at += bytes.write(text, at)
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** @throws {SnapshotRefused} */
export function unpacked(given: Uint8Array): Parts {
  if (given.byteLength < HEAD * 4) throw new SnapshotRefused('is cut short')
  const aligned = given.byteOffset % 4 === 0 ? given : Uint8Array.from(given) // a Buffer's slice would be no copy
  const bytes = Buffer.from(aligned.buffer, aligned.byteOffset, aligned.byteLength)
  const all = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2)
  const [mark, version, , docs = 0, terms = 0, postings = 0] = all
  if (mark !== MARK) throw new SnapshotRefused('is something else')
  if (version !== VERSION)
    throw new SnapshotRefused(`has format ${version}; ${VERSION} is the one known here`)
  if (bytes.readUInt32LE(8) !== crc32(bytes.subarray(12))) throw new SnapshotRefused('is damaged')
  let at = HEAD
  const take = (length: number) => {
    if (at + length > all.length) throw new SnapshotRefused('contradicts itself')
    return all.subarray(at, (at += length))
  }
  const [lengths, idBytes, termBytes] = [take(docs), take(docs), take(terms)]
  const [counts, places] = [take(terms), take(postings)]
  if (sumOf(counts) !== postings || at * 4 + sumOf(idBytes) + sumOf(termBytes) !== bytes.length)
    throw new SnapshotRefused('contradicts itself')
  const idsEnd = at * 4 + sumOf(idBytes)
  return {
    ids: idsIn(bytes, at * 4, idBytes),
    terms: stringsIn(bytes, idsEnd, termBytes),
    lengths: lengths.slice(),
    counts: counts.slice(),
    postings: places.slice(),
  }
}

/** One by one: a part of a larger string would keep all of it, erased words too. */
function stringsIn(bytes: Buffer, from: number, sizes: Uint32Array): readonly string[] {
  let at = from
  return Array.from(sizes, (size) => bytes.toString('utf8', at, (at += size)))
}

/** Ids are no text of an item, and most of what has to be read: cut out of one string where they are plain, as a rule. */
function idsIn(bytes: Buffer, from: number, sizes: Uint32Array): readonly string[] {
  const all = bytes.toString('latin1', from, from + sumOf(sizes))
  if (/[^\0-\x7f]/.test(all)) return stringsIn(bytes, from, sizes)
  let at = 0
  return Array.from(sizes, (size) => all.slice(at, (at += size)))
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

function sumOf(numbers: Uint32Array): number {
  let sum = 0
  for (const number of numbers) sum += number
  return sum
}
