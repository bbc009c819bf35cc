/** Recomputes every hash, and holds the heads against what is really there. */
import { createHash } from 'node:crypto'
import {
  bodyOf,
  ERASURES,
  Erasures,
  fits,
  GENESIS,
  isErased,
  sameHash,
  type Break,
  type Head,
  type StoredEvent,
  type Verdict,
} from '../../log/index.ts'
import { EMPTIED } from '../coming.ts'
import { STORE_STREAM, storePruned } from '../pruned.ts'
import { PAGE, type Reader } from './reader.ts'

export type Progress = (done: number, total: number) => void

export async function verify(reader: Reader, only?: string, onProgress?: Progress): Promise<Verdict> {
  const breaks: Break[] = []
  const digest = createHash('sha256')
  const counts = { streams: 0, events: 0, pruned: 0, erased: 0 }
  if (only === undefined)
    for (const line of reader.integrity()) breaks.push({ stream: 'the file', seq: 0, reason: line })
  const total = only === undefined ? reader.count() : (reader.head(only)?.seq ?? 0)
  const impossible = reader
    .atOnce(() => reader.impossible())
    .filter(({ stream }) => only === undefined || stream === only)
  for (const event of impossible)
    breaks.push({ ...event, reason: 'it has a number, or a place in the store, that no writer gives' })
  const unreadable = new Set(impossible.map(({ stream }) => stream))
  const pruned = unreadable.has(STORE_STREAM) ? new Map<string, string>() : prunedHeads(reader, breaks)
  const erased = new ErasedPlaces(reader, breaks)
  for (const head of only === undefined
    ? everyHead(reader)
    : [reader.head(only)].filter((h) => h !== undefined)) {
    counts.streams++
    digest.update(`${head.stream} ${head.seq} `).update(head.hash)
    if (head.isPruned) {
      counts.pruned++
      const expected = `${head.seq} ${Buffer.from(head.hash).toString('hex')}`
      if (pruned.get(head.stream) !== expected && prunedHeads(reader, []).get(head.stream) !== expected)
        breaks.push({
          stream: head.stream,
          seq: head.seq,
          reason: 'it is marked as pruned, but no record of pruning names this head',
        })
      continue
    }
    if (unreadable.has(head.stream)) continue
    for await (const done of verifyStream(reader, head, breaks, erased)) {
      counts.events += done
      onProgress?.(counts.events, total)
    }
  }
  // Fewer than there were at first, and there still are: some belong to no stream. More: the store is at work.
  const stored = Math.min(total, reader.count())
  if (only === undefined && unreadable.size === 0 && counts.events < stored)
    breaks.push({
      stream: 'the file',
      seq: 0,
      reason: `${stored} events are stored, but the streams hold ${counts.events}`,
    })
  counts.erased = erased.count
  return { ...counts, digest: digest.digest('hex'), breaks }
}

/** What the record says of erasures; read again where a place is empty that it did not name: one may just have come. */
class ErasedPlaces {
  /** Of events that are named. */
  count = 0
  readonly #reader: Reader
  #known: Erasures

  constructor(reader: Reader, breaks: Break[]) {
    this.#reader = reader
    this.#known = erasuresOf(reader, (stream) =>
      breaks.push({ stream, seq: 1, reason: 'its body cannot be read' }),
    )
  }

  names({ stream, seq }: StoredEvent): boolean {
    if (!this.#known.names(stream, seq)) this.#known = erasuresOf(this.#reader)
    const isNamed = this.#known.names(stream, seq)
    if (isNamed) this.count++
    return isNamed
  }
}

/** Every erasure there is on record. */
export function erasuresOf(reader: Reader, unreadable: (stream: string) => void = () => {}): Erasures {
  const erasures = new Erasures()
  for (const { stream } of everyHead(reader, ERASURES))
    for (const event of reader.page(stream, 1))
      try {
        erasures.add(event)
      } catch {
        unreadable(stream)
      }
  return erasures
}

function* everyHead(reader: Reader, under = ''): Generator<Head> {
  for (let after = ''; ;) {
    const page = reader.heads(after, under, 500)
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.stream
  }
}

/** The store may be at work meanwhile: the last events of a stream are held against the head of the same moment. */
async function* verifyStream(
  reader: Reader,
  listed: Head,
  breaks: Break[],
  erased: ErasedPlaces,
): AsyncGenerator<number> {
  const { stream, continues } = listed
  const origin = continues && reader.head(continues.stream)
  if (continues && (!origin || !sameHash(origin.hash, continues.hash))) {
    breaks.push({ stream, seq: 1, reason: `it continues ${continues.stream}, whose head is another` })
  }
  let previous = continues?.hash ?? GENESIS
  let seq = 0
  let position = 0
  for (;;) {
    const { page, head } = reader.atOnce(() => ({
      page: reader.page(stream, seq + 1),
      head: reader.head(stream),
    }))
    for (const event of page) {
      const reason =
        whyBroken(event, previous, seq + 1, position) ??
        (isErased(event) && !erased.names(event) ? EMPTIED : undefined)
      if (reason) breaks.push({ stream, seq: seq + 1, reason })
      previous = event.hash
      seq = event.seq
      position = event.position
      if (breaks.length >= 100) return
    }
    yield page.length
    await new Promise(setImmediate)
    if (page.length === PAGE) continue
    if (head?.isPruned) return // just now
    if (seq !== head?.seq) {
      breaks.push({
        stream,
        seq: seq + 1,
        reason: `its head says ${head?.seq ?? 'no'} events, ${seq} are there`,
      })
    } else if (!sameHash(previous, head.hash))
      breaks.push({ stream, seq, reason: 'its head has another hash' })
    return
  }
}

function whyBroken(
  event: StoredEvent,
  previous: Uint8Array,
  seq: number,
  position: number,
): string | undefined {
  if (event.seq !== seq) return `event ${seq} is missing`
  if (event.position <= position) return 'it stands before its predecessor in the order of the store'
  return fits(previous, event) ? undefined : 'its hash does not fit its header, its body and its predecessor'
}

function prunedHeads(reader: Reader, breaks: Break[]): ReadonlyMap<string, string> {
  const heads = new Map<string, string>()
  for (let from = 1; ;) {
    const page = reader.page(STORE_STREAM, from)
    for (const event of page) {
      if (event.kind !== storePruned.name) continue
      try {
        for (const one of bodyOf(storePruned, event).streams) heads.set(one.stream, `${one.seq} ${one.hash}`)
      } catch {
        breaks.push({ stream: STORE_STREAM, seq: event.seq, reason: 'its body cannot be read' })
      }
    }
    const last = page.at(-1)
    if (!last) return heads
    from = last.seq + 1
  }
}
