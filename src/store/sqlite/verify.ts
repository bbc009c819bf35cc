/** Recomputes every hash, and holds the heads against what is really there. */
import { createHash } from 'node:crypto'
import {
  bodyOf,
  expectedHash,
  GENESIS,
  sameHash,
  type Break,
  type Head,
  type StoredEvent,
  type Verdict,
} from '../../log/index.ts'
import { STORE_STREAM, storePruned } from './prune.ts'
import type { Reader } from './reader.ts'

export type Progress = (done: number, total: number) => void

export async function verify(reader: Reader, only?: string, onProgress?: Progress): Promise<Verdict> {
  const breaks: Break[] = []
  const digest = createHash('sha256')
  const counts = { streams: 0, events: 0, pruned: 0 }
  if (only === undefined)
    for (const line of reader.integrity()) breaks.push({ stream: 'the file', seq: 0, reason: line })
  const total = only === undefined ? reader.count() : (reader.head(only)?.seq ?? 0)
  const impossible = reader.atOnce(() => reader.impossible()).filter(({ stream }) => only === undefined || stream === only)
  for (const event of impossible)
    breaks.push({ ...event, reason: 'it has a number, or a place in the store, that no writer gives' })
  const unreadable = new Set(impossible.map(({ stream }) => stream))
  const pruned = unreadable.has(STORE_STREAM) ? new Map<string, string>() : prunedHeads(reader, breaks)
  for (const head of only === undefined
    ? everyHead(reader)
    : [reader.head(only)].filter((h) => h !== undefined)) {
    counts.streams++
    digest.update(`${head.stream} ${head.seq} `).update(head.hash)
    if (head.isPruned) {
      counts.pruned++
      const known = pruned.get(head.stream)
      if (known !== `${head.seq} ${Buffer.from(head.hash).toString('hex')}`)
        breaks.push({
          stream: head.stream,
          seq: head.seq,
          reason: 'it is marked as pruned, but no record of pruning names this head',
        })
      continue
    }
    if (unreadable.has(head.stream)) continue
    for await (const done of verifyStream(reader, head, breaks)) {
      counts.events += done
      onProgress?.(counts.events, total)
    }
  }
  if (only === undefined && unreadable.size === 0 && counts.events !== total)
    breaks.push({
      stream: 'the file',
      seq: 0,
      reason: `${total} events are stored, but the streams hold ${counts.events}`,
    })
  return { ...counts, digest: digest.digest('hex'), breaks }
}

function* everyHead(reader: Reader): Generator<Head> {
  for (let after = ''; ;) {
    const page = reader.heads(after, '', 500)
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.stream
  }
}

async function* verifyStream(reader: Reader, head: Head, breaks: Break[]): AsyncGenerator<number> {
  const origin = head.continues && reader.head(head.continues.stream)
  if (head.continues && (!origin || !sameHash(origin.hash, head.continues.hash))) {
    breaks.push({
      stream: head.stream,
      seq: 1,
      reason: `it continues ${head.continues.stream}, whose head is another`,
    })
  }
  let previous = head.continues?.hash ?? GENESIS
  let seq = 0
  let position = 0
  for (;;) {
    const page = reader.page(head.stream, seq + 1)
    for (const event of page) {
      const reason = whyBroken(event, previous, seq + 1, position)
      if (reason) breaks.push({ stream: head.stream, seq: seq + 1, reason })
      previous = event.hash
      seq = event.seq
      position = event.position
      if (breaks.length >= 100) return
    }
    yield page.length
    if (page.length === 0) break
    await new Promise(setImmediate) // a large store is verified beside living runs
  }
  if (seq !== head.seq)
    breaks.push({
      stream: head.stream,
      seq: seq + 1,
      reason: `its head says ${head.seq} events, ${seq} are there`,
    })
  else if (!sameHash(previous, head.hash))
    breaks.push({ stream: head.stream, seq, reason: 'its head has another hash' })
}

function whyBroken(
  event: StoredEvent,
  previous: Uint8Array,
  seq: number,
  position: number,
): string | undefined {
  if (event.seq !== seq) return `event ${seq} is missing`
  if (event.position <= position) return 'it stands before its predecessor in the order of the store'
  return sameHash(expectedHash(previous, event), event.hash)
    ? undefined
    : 'its hash does not fit its header, its body and its predecessor'
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
