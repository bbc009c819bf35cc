/**
 * Erasing: what an event says is destroyed; that there was an event stays.
 *
 * E1. What stays of an event is its stream, seq, kind, version, ordinal and time, its hash, and a digest whose salt is gone. With that
 *     its chain verifies, and nobody can test a guess about what it said.
 * E2. The record of the erasure names the places that are empty since. A place that is empty and named by none was emptied by
 *     somebody else.
 * E3. It has a stream of its own, so that it goes along when what was erased moves to another store.
 */
import { bodyOf, kind } from './kind.ts'
import type { Change } from './log.ts'
import type { Seq, StoredEvent, StreamId } from './event.ts'

/** Where something stood: of each stream, from which seq to which. */
export type Places = Readonly<Record<StreamId, readonly (readonly [from: Seq, to: Seq])[]>>

/** Who asked for it, why, and what is left: never what it was. */
export interface ErasureBody {
  readonly by: string
  readonly because: string
  /** What it was asked for by: `subject`, `person`, `item`. */
  readonly of: string
  readonly places: Places
  /** What each room keeps of what it lost, for its views: ids, versions, times. */
  readonly left: Readonly<Record<string, readonly unknown[]>>
}

export interface Erase extends Omit<ErasureBody, 'places'> {
  readonly id: string
  readonly places: Places
  /** Streams that lose everything there is of them at that moment, and whoever carries them. */
  readonly whole: readonly StreamId[]
  /** Refused if any of these finds a row. */
  readonly unless?: Change['unless']
  /** Say what would go, and destroy nothing. */
  readonly isDryRun?: boolean
}

export interface Erased {
  readonly events: number
  readonly blobs: number
  /** Of what the events said. */
  readonly bytes: number
  /** `pending`: it can no longer be read, but the bytes are still there until others let go of them; then they go by themselves. */
  readonly state: 'done' | 'pending'
}

export const erasureRecorded = kind<ErasureBody>('store.erased')

/** How the streams of erasures begin. */
export const ERASURES = 'erasure:'
export const erasureStream = (id: string): StreamId => `${ERASURES}${id}/`

/** Which places erasures have emptied. */
export class Erasures {
  readonly #places = new Map<StreamId, (readonly [Seq, Seq])[]>()

  /** @throws where the body is none of an erasure */
  add(event: StoredEvent): void {
    for (const [stream, ranges] of Object.entries(placesOf(event)))
      this.#places.set(stream, [...(this.#places.get(stream) ?? []), ...ranges])
  }

  names(stream: StreamId, seq: Seq): boolean {
    return this.#places.get(stream)?.some(([from, to]) => from <= seq && seq <= to) ?? false
  }
}

/** @throws {TypeError} */
export function placesOf(event: StoredEvent): Places {
  const { places } = bodyOf(erasureRecorded, event)
  for (const ranges of Object.values(places))
    for (const [from, to] of ranges)
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to))
        throw new TypeError('no place in a stream')
  return places
}
