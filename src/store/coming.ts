/**
 * What comes in from another store, as far as erasing is concerned.
 *
 * C1. An erasure is carried out on whatever came along with it, also where that is here already: what was erased there is not kept here.
 * C2. It touches nothing else: an erasure that names a stream which is here, and did not come along the same, is refused.
 *     Nor may it name the store's own record, or another erasure.
 * C3. What comes in without its body is named by an erasure, or refused.
 */
import {
  AlreadyThere,
  ChainBroken,
  erasureRecorded,
  ERASURES,
  isErased,
  placesOf,
  type Erasures,
  type Places,
  type StoredEvent,
} from '../log/index.ts'
import { STORE_STREAM } from './pruned.ts'

export const EMPTIED = 'what it said is gone, and no erasure on the record names it'

export class Coming {
  readonly #alreadyHere: ReadonlySet<string>
  readonly #places = new Map<string, Places[string]>()
  readonly #empty: Pick<StoredEvent, 'stream' | 'seq'>[] = []

  constructor(alreadyHere: ReadonlySet<string> = new Set()) {
    this.#alreadyHere = alreadyHere
  }

  /** @throws {ChainBroken} */
  add(event: StoredEvent): void {
    const { stream, seq } = event
    if (isErased(event)) this.#empty.push({ stream, seq })
    if (event.kind !== erasureRecorded.name || isErased(event)) return
    try {
      for (const [of, ranges] of Object.entries(placesOf(event))) {
        if (of === STORE_STREAM || of.startsWith(ERASURES)) throw new TypeError('no erasure names those')
        this.#places.set(of, [...(this.#places.get(of) ?? []), ...ranges])
      }
    } catch {
      throw new ChainBroken(stream, seq, `its body is not that of a ${event.kind} event`)
    }
  }

  /** The streams that erasures name. */
  streams(): string[] {
    return [...this.#places.keys()]
  }

  /** What is to be destroyed here. `here`: those of `streams` that are. @throws {AlreadyThere} */
  placesIn(here: ReadonlySet<string>, incoming: ReadonlySet<string>): Places {
    for (const stream of here)
      if (!incoming.has(stream) && !this.#alreadyHere.has(stream))
        throw new AlreadyThere(`${stream}, of which an erasure that comes in speaks,`)
    return Object.fromEntries([...this.#places].filter(([stream]) => here.has(stream)))
  }

  /** Whether anything came in without its body. */
  get hasEmpty(): boolean {
    return this.#empty.length > 0
  }

  /** @throws {ChainBroken} */
  check(erasures: Erasures): void {
    for (const { stream, seq } of this.#empty)
      if (!erasures.names(stream, seq)) throw new ChainBroken(stream, seq, EMPTIED)
  }
}
