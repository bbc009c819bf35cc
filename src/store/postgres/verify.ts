/**
 * Recomputes every hash, and holds the heads against what is really there.
 *
 * The store may be at work meanwhile: what a head said when it was read is what has to be there, whatever came since.
 */
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
import { PAGE, type NumberedHead, type Reader } from './reader.ts'

export type Progress = (done: number, total: number) => void

/** Breaks of one stream are of one cause more often than not. */
const MOST_BREAKS = 100
const HEADS = 500

/** How far a stream has been followed. */
class Chain {
  readonly head: NumberedHead
  previous: Uint8Array
  seq = 0
  position = 0
  /** Events without a body. */
  readonly empty: number[] = []
  /** Of an event beyond the head: it came since, or the head was changed. */
  beyond = 0

  constructor(head: NumberedHead) {
    this.head = head
    this.previous = head.continues?.hash ?? GENESIS
  }

  get isWhole(): boolean {
    return this.seq === this.head.seq
  }

  follow(event: StoredEvent, breaks: Break[]): void {
    if (event.seq > this.head.seq) {
      this.beyond = event.seq
      return
    }
    const reason = this.#whyBroken(event)
    if (reason) breaks.push({ stream: this.head.stream, seq: this.seq + 1, reason })
    else if (isErased(event)) this.empty.push(event.seq)
    this.previous = event.hash
    this.seq = event.seq
    this.position = event.position
  }

  #whyBroken(event: StoredEvent): string | undefined {
    if (event.seq !== this.seq + 1) return `event ${this.seq + 1} is missing`
    if (event.position <= this.position) return 'it stands before its predecessor in the order of the store'
    return fits(this.previous, event)
      ? undefined
      : 'its hash does not fit its header, its body and its predecessor'
  }
}

export async function verify(reader: Reader, only?: string, onProgress?: Progress): Promise<Verdict> {
  const breaks: Break[] = []
  const digest = createHash('sha256')
  const counts = { streams: 0, events: 0, pruned: 0, erased: 0 }
  const total = only === undefined ? await reader.count() : ((await reader.head(only))?.seq ?? 0)
  const pruned = await prunedHeads(reader, breaks)
  const done = (events: number): void => {
    counts.events += events
    onProgress?.(counts.events, total)
  }
  let erased: Erasures | undefined
  let before = 0
  for await (const heads of pages(reader, only)) {
    const chains = new Map<string, Chain>()
    for (const head of heads) {
      counts.streams++
      digest.update(`${head.stream} ${head.seq} `).update(head.hash)
      if (!head.isPruned) chains.set(head.stream, new Chain(head))
      else {
        counts.pruned++
        const expected = `${head.seq} ${Buffer.from(head.hash).toString('hex')}`
        if (
          pruned.get(head.stream) !== expected &&
          (await prunedHeads(reader, [])).get(head.stream) !== expected
        )
          breaks.push({
            stream: head.stream,
            seq: head.seq,
            reason: 'it is marked as pruned, but no record of pruning names this head',
          })
      }
    }
    await origins(reader, chains, breaks)
    const last = heads.at(-1)?.id ?? before
    if (only !== undefined) before = last - 1
    for (const isArchived of [true, false])
      await followAll({ reader, before, last, isArchived }, chains, breaks, done)
    for (const chain of chains.values()) await close(reader, chain, breaks)
    for (const { head, empty } of chains.values())
      for (const seq of empty) {
        const { stream } = head
        // Read again where one is not named: it may just have come.
        if (!erased?.names(stream, seq)) erased = await erasuresOf(reader, breaks)
        if (erased.names(stream, seq)) counts.erased++
        else breaks.push({ stream, seq, reason: EMPTIED })
        if (breaks.length >= MOST_BREAKS) break
      }
    before = last
    if (breaks.length >= MOST_BREAKS) break
  }
  // Fewer than there were at first, and there still are: some belong to no stream. More: the store is at work.
  const stored = only === undefined ? Math.min(total, await reader.count()) : 0
  if (counts.events < stored && breaks.length < MOST_BREAKS)
    breaks.push({
      stream: 'the store',
      seq: 0,
      reason: `${stored} events are stored, but the streams hold ${counts.events}`,
    })
  return { ...counts, digest: digest.digest('hex'), breaks }
}

/** Every erasure there is on record. */
export async function erasuresOf(reader: Reader, breaks?: Break[]): Promise<Erasures> {
  const erasures = new Erasures()
  for (let after = ''; ;) {
    const heads = await reader.heads({ after, under: ERASURES, limit: HEADS })
    for (const { stream } of heads)
      for (const event of await reader.page({ stream, from: 1 }))
        try {
          erasures.add(event)
        } catch {
          const unreadable = { stream, seq: 1, reason: 'its body cannot be read' }
          if (!breaks?.some((one) => one.stream === stream)) breaks?.push(unreadable)
        }
    after = heads.at(-1)?.stream ?? ''
    if (heads.length < HEADS) return erasures
  }
}

/** A stream goes on where another ended, and that one must have ended there. */
async function origins(reader: Reader, chains: ReadonlyMap<string, Chain>, breaks: Break[]): Promise<void> {
  const following = [...chains.values()].filter(({ head }) => head.continues)
  if (following.length === 0) return
  const found = await reader.headsNamed(following.map(({ head }) => head.continues?.stream ?? ''))
  const hashes = new Map(found.map((head) => [head.stream, head.hash]))
  for (const { head } of following) {
    const hash = head.continues && hashes.get(head.continues.stream)
    if (head.continues && (!hash || !sameHash(hash, head.continues.hash)))
      breaks.push({
        stream: head.stream,
        seq: 1,
        reason: `it continues ${head.continues.stream}, whose head is another`,
      })
  }
}

async function* pages(reader: Reader, only: string | undefined): AsyncGenerator<readonly NumberedHead[]> {
  if (only !== undefined) return yield await reader.headsNamed([only])
  for (let after = ''; ;) {
    const page = await reader.heads({ after, limit: HEADS })
    if (page.length === 0) return
    yield page
    after = page.at(-1)?.stream ?? ''
  }
}

async function followAll(
  range: {
    readonly reader: Reader
    readonly before: number
    readonly last: number
    readonly isArchived: boolean
  },
  chains: ReadonlyMap<string, Chain>,
  breaks: Break[],
  done: (events: number) => void,
): Promise<void> {
  let after = { stream: range.before, seq: Number.MAX_SAFE_INTEGER }
  const numbers = new Map([...chains.values()].map(({ head }) => [head.stream, head.id]))
  for (;;) {
    const page = await range.reader.between(after, range.last, range.isArchived)
    let followed = 0
    for (const event of page) {
      const chain = chains.get(event.stream)
      if (!chain || breaks.length >= MOST_BREAKS) continue
      chain.follow(event, breaks)
      if (event.seq <= chain.head.seq) followed++
    }
    done(followed)
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    const stream = numbers.get(last.stream)
    // A stream that was pruned before, and still has events, is counted among those of no stream.
    if (stream === undefined) return
    after = { stream, seq: last.seq }
  }
}

/** What the head says, held against what was found. */
async function close(reader: Reader, chain: Chain, breaks: Break[]): Promise<void> {
  const { head } = chain
  if (breaks.length >= MOST_BREAKS) return
  if (chain.isWhole) {
    if (!sameHash(chain.previous, head.hash))
      breaks.push({ stream: head.stream, seq: head.seq, reason: 'its head has another hash' })
    const now = chain.beyond === 0 ? undefined : await reader.head(head.stream)
    if (now && now.seq < chain.beyond) breaks.push(missing(head, now.seq, chain.beyond))
    return
  }
  const [now] = await reader.headsNamed([head.stream])
  if (now?.isPruned) return // just now
  if (now) {
    // Archived while it was read, perhaps: once more, by itself.
    const again = new Chain(head)
    for (let from = 1; ;) {
      const page = await reader.page({ stream: head.stream, from })
      for (const event of page) again.follow(event, breaks)
      from = (page.at(-1)?.seq ?? from) + 1
      if (page.length < PAGE) break
    }
    if (again.isWhole) return
  }
  breaks.push(missing(head, head.seq, chain.seq))
}

function missing(head: Head, says: number, there: number): Break {
  return {
    stream: head.stream,
    seq: Math.min(says, there) + 1,
    reason: `its head says ${says} events, ${there} are there`,
  }
}

async function prunedHeads(reader: Reader, breaks: Break[]): Promise<ReadonlyMap<string, string>> {
  const heads = new Map<string, string>()
  for (let from = 1; ;) {
    const page = await reader.page({ stream: STORE_STREAM, from })
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
