/**
 * Arrays as Postgres takes them in binary: no quoting, no hexadecimal, one copy. A batch is a few dozen of these, whatever its size.
 *
 *     dimensions, has nulls, type, length, first index; then for each element its length (-1: null) and its bytes
 */
type Nullable<T> = T | null | undefined

const HEADER_BYTES = 20
const INT4 = 23
const INT8 = 20
const BYTEA = 17
const TEXT = 25
const HIGH = 2 ** 32

export function int4s(values: readonly number[]): Buffer {
  const room = begin(INT4, values.length, values.length * 8)
  let at = HEADER_BYTES
  for (const value of values) at = room.writeInt32BE(value, room.writeInt32BE(4, at))
  return room
}

export function int8s(values: readonly Nullable<number>[]): Buffer {
  const room = begin(INT8, values.length, values.length * 12)
  let at = HEADER_BYTES
  for (const value of values) {
    if (value === null || value === undefined) {
      at = room.writeInt32BE(-1, at)
      continue
    }
    at = room.writeInt32BE(8, at)
    at = room.writeInt32BE(Math.floor(value / HIGH), at)
    at = room.writeUInt32BE(value >>> 0, at)
  }
  return room.subarray(0, at)
}

export function byteas(values: readonly Nullable<Uint8Array>[]): Buffer {
  let bytes = 0
  for (const value of values) bytes += 4 + (value?.length ?? 0)
  const room = begin(BYTEA, values.length, bytes)
  let at = HEADER_BYTES
  for (const value of values) {
    at = room.writeInt32BE(value?.length ?? -1, at)
    if (!value) continue
    room.set(value, at)
    at += value.length
  }
  return room
}

export function texts(values: readonly Nullable<string>[]): Buffer {
  let most = 0
  for (const value of values) most += 4 + (value?.length ?? 0) * 3
  const room = begin(TEXT, values.length, most)
  let at = HEADER_BYTES
  for (const value of values) {
    if (value === null || value === undefined) {
      at = room.writeInt32BE(-1, at)
      continue
    }
    const bytes = room.write(value, at + 4, 'utf8')
    at = room.writeInt32BE(bytes, at) + bytes
  }
  return room.subarray(0, at)
}

function begin(type: number, length: number, bytes: number): Buffer {
  const room = Buffer.allocUnsafe(HEADER_BYTES + bytes)
  if (length === 0) {
    // An array of nothing has no dimension.
    room.writeInt32BE(0, 0)
    room.writeInt32BE(0, 4)
    room.writeInt32BE(type, 8)
    return room.subarray(0, 12)
  }
  room.writeInt32BE(1, 0)
  room.writeInt32BE(1, 4)
  room.writeInt32BE(type, 8)
  room.writeInt32BE(length, 12)
  room.writeInt32BE(1, 16)
  return room
}
