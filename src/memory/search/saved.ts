/**
 * A catalogue as bytes, and how far it follows which record: for a file beside the store.
 *
 * F1. What is damaged, of another version, of another table of vectors or of another record is refused whole. It is a cache: its owner
 *     rebuilds.
 *
 * Layout, in numbers of this machine's byte order: mark, version, CRC-32 of all that follows, length of the head; the head as JSON, filled
 * up with spaces to a multiple of four; labels, index (snapshot.ts), vectors.
 */
import { crc32 } from 'node:zlib'
import { Catalogue, type Sense } from './catalogue.ts'
import { WIDTH } from './labels.ts'
import { SnapshotRefused } from './snapshot.ts'

/** Which record it follows, and how far: the position of an event, and its hash. */
export interface Seen {
  readonly position: number
  readonly hash: string
}

interface Head {
  readonly seen: Seen
  readonly sense: string
  readonly names: readonly string[]
  readonly docs: number
  readonly index: number
  readonly vectors: number
}

const MARK = 0x524c4c54
/** Raise it with any change of the layout, of labels.ts, or of what becomes of an item in an index. */
const VERSION = 1
const START = 16
const LABEL_BYTES = WIDTH * 4

/** In pieces, one after another: together they would be there twice. */
export function saved(catalogue: Catalogue, seen: Seen): readonly Uint8Array[] {
  const { index, names, labels, vectors } = catalogue.parts()
  const head: Head = {
    seen,
    sense: catalogue.sense.name,
    names,
    docs: catalogue.size,
    index: index.length,
    vectors: vectors.length,
  }
  const text = Buffer.from(JSON.stringify(head))
  const filled = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4, ' ')])
  const first = Buffer.from(new Uint32Array([MARK, VERSION, 0, filled.length]).buffer)
  const rest = [
    filled,
    new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength),
    index,
    Buffer.alloc((4 - (index.length % 4)) % 4),
    new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength),
  ]
  first.writeUInt32LE(
    rest.reduce((sum, bytes) => crc32(bytes, sum), crc32(first.subarray(12))),
    8,
  )
  return [first, ...rest]
}

/** @throws {SnapshotRefused} */
export function restored(
  bytes: Buffer,
  sense: Sense,
): { readonly catalogue: Catalogue; readonly seen: Seen } {
  if (bytes.length < START) throw new SnapshotRefused('is cut short')
  if (bytes.readUInt32LE(0) !== MARK) throw new SnapshotRefused('is something else')
  const version = bytes.readUInt32LE(4)
  if (version !== VERSION)
    throw new SnapshotRefused(`has version ${version}; ${VERSION} is the one known here`)
  if (bytes.readUInt32LE(8) !== crc32(bytes.subarray(12))) throw new SnapshotRefused('is damaged')
  let at = START
  const take = (length: number) => bytes.subarray(at, (at += length))
  const head = JSON.parse(take(bytes.readUInt32LE(12)).toString()) as Head // its sum is right: `saved` wrote it
  if (head.sense !== sense.name)
    throw new SnapshotRefused(`has vectors of ${head.sense}, not of ${sense.name}`)
  const labels = numbersIn(take(head.docs * LABEL_BYTES))
  const index = take(head.index)
  take((4 - (head.index % 4)) % 4)
  const vectors = take(head.vectors)
  const parts = {
    index,
    names: head.names,
    labels,
    vectors: new Int8Array(vectors.buffer, vectors.byteOffset, vectors.length),
  }
  return { catalogue: Catalogue.from(sense, parts), seen: head.seen }
}

/** A file that was read begins at a multiple of four, and so does every part of it. */
const numbersIn = (bytes: Buffer): Uint32Array =>
  bytes.byteOffset % 4 === 0
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : new Uint32Array(Uint8Array.from(bytes).buffer)
