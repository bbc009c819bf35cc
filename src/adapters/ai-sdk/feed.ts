/**
 * What is shown of a run's response, to whoever looks on from this process.
 *
 *     waiting ─▶ life 1: head, pieces … ─▶ over
 *                   ▲          │
 *                   └──────────┘  the run was carried again from the record: the response is made anew
 *
 * F1. What is shown before the run is done is provisional. A later life makes the same response again, in other pieces perhaps, and a
 *     step that was under way is asked again: who looked on is told to forget that step (`reset-step`), and nothing else.
 * F2. Who comes later is given everything from the start of the message.
 * F3. The end is shown when it is on the record.
 * F4. A run that is carried elsewhere from now on can be shown here no more: connections are broken off, and whoever looks on asks again.
 */
import { joined, type Chunk } from './chunks.ts'

export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

export type Piece = Chunk | Uint8Array

/** How it ended, to who looks on. */
export type Close = 'whole' | 'failed' | 'cancelled' | 'lost'

export interface Viewer {
  readonly shows: (piece: Piece) => void
  /** The response is made anew from its start. */
  readonly again: () => void
  readonly closes: (how: Close) => void
}

/** One making of a response. Once there is another, nobody hears of it any more. */
export interface Life {
  readonly opens: (head: Head) => void
  readonly shows: (piece: Piece) => void
  /** All of it was shown; it is closed once the end of the run is on the record. */
  readonly completes: () => void
  readonly closes: (how: Close) => void
}

export class Feed {
  readonly #pieces: Piece[] = []
  readonly #viewers = new Set<Viewer>()
  readonly #known = Promise.withResolvers<Head | undefined>()
  #life: Life | undefined
  #close: Close | undefined
  #isWhole = false

  /** The head of the response; undefined if it came to none. */
  get head(): Promise<Head | undefined> {
    return this.#known.promise
  }

  /** The run is carried in this process, or was. */
  isMadeHere = false

  /** Nothing more comes of it. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** The response is made, perhaps not for the first time. */
  begins(): Life {
    const isFirst = this.#life === undefined
    const isCurrent = () => this.#life === life
    const life: Life = {
      opens: (head) => {
        if (isCurrent()) this.#known.resolve(head)
      },
      shows: (piece) => {
        if (isCurrent()) this.#show(piece)
      },
      completes: () => {
        if (isCurrent()) this.#isWhole = true
      },
      closes: (how) => {
        if (isCurrent()) this.closes(how)
      },
    }
    this.#life = life
    this.#close = undefined
    this.#isWhole = false
    this.#pieces.length = 0
    if (!isFirst) for (const viewer of this.#viewers) viewer.again()
    return life
  }

  #show(piece: Piece): void {
    const last = this.#pieces.at(-1)
    const one = piece instanceof Uint8Array || last instanceof Uint8Array ? undefined : joined(last, piece)
    if (one) this.#pieces[this.#pieces.length - 1] = one
    else this.#pieces.push(piece)
    for (const viewer of this.#viewers) viewer.shows(piece)
  }

  closes(how: Close): void {
    if (this.#close) return
    this.#close = how
    this.#known.resolve(undefined)
    for (const viewer of this.#viewers) viewer.closes(how)
    this.#viewers.clear()
  }

  /** Returns what ends looking. */
  view(viewer: Viewer): () => void {
    for (const piece of this.#pieces) viewer.shows(piece)
    if (this.#close) viewer.closes(this.#close)
    else this.#viewers.add(viewer)
    return () => void this.#viewers.delete(viewer)
  }
}
