/**
 * A batch on its way to the database: changes sealed upon heads, as the parameters of `write_1`.
 *
 * B1. Whoever asks first is sealed first; what follows on the same stream is sealed upon it. If it is refused, what was sealed
 *     upon it does not fit either, and is asked again, in the same order.
 * B2. A change that is refused because of others of its batch is not sent with them. If they are accepted, that stands; if not, it
 *     is asked again.
 * B3. Nothing is refused here that the database might accept: only what an older head can never allow.
 */
import {
  ENCODING,
  GENESIS,
  sealInto,
  type Append,
  type Change,
  type NewEvent,
  type Projection,
  type StoredEvent,
} from '../../log/index.ts'
import { isLarge } from '../blob.ts'
import type { Outcome } from '../outcome.ts'
import type { StreamHead as Head } from '../stream-head.ts'
import { drawSalt, SALT_BYTES, SEAL_BYTES } from '../seal.ts'
import type { Bodies } from './bodies.ts'
import { PROVISIONAL, type Operation, type Rows } from './rows.ts'

/** A head as it was compared and as it is to be. `before` is undefined where the stream is to be made. */
export interface Move {
  readonly stream: string
  readonly before: Head | undefined
  after: Head
  readonly continues:
    | { readonly stream: string; readonly hash: Uint8Array; readonly isMoved: boolean }
    | undefined
}

export interface Sealed {
  readonly event: NewEvent
  readonly seq: number
  readonly seal: Uint8Array
  readonly blob: number
}

/** One change, ready. `isPlain`: an owner's single append without rows. */
export interface Prepared {
  readonly change: Change
  readonly isPlain: boolean
  readonly moves: readonly Move[]
  /** With the move each belongs to. */
  readonly events: readonly (Sealed & { readonly move: Move })[]
  readonly guards: readonly Operation[]
  readonly rows: readonly Operation[]
  readonly firstSeq: readonly number[]
}

/** Refused; refused if what the batch did to the stream `hangsOn` before is accepted; or ready. */
export type Judged = { readonly outcome: Outcome; readonly hangsOn?: string } | Prepared

export interface Surroundings {
  readonly rows: Rows
  readonly bodies: Bodies
  readonly projections: ReadonlyMap<string, readonly Projection[]>
  /** What the record said last of a stream; `null`: it is not there. */
  readonly heads: ReadonlyMap<string, Head | null>
}

export const DEFAULT_TENANT = 'default'
const NEW_STREAM = 0

class Refusal extends Error {
  readonly judged: { readonly outcome: Outcome; readonly hangsOn?: string }
  constructor(judged: { readonly outcome: Outcome; readonly hangsOn?: string }) {
    super('refused')
    this.judged = judged
  }
}

export class Batch {
  readonly #around: Surroundings
  readonly at: number
  /** Heads as they will be. */
  readonly #staged = new Map<string, Head>()
  /** Streams that a change other than a plain append has touched: what follows there is sent in order with it. */
  readonly #inOrder = new Set<string>()

  constructor(around: Surroundings, at: number) {
    this.#around = around
    this.at = at
  }

  /** Seals a change upon what was sealed before. Throws what a projection throws. */
  prepare(change: Change): Judged {
    const before = new Map<string, Head | undefined>()
    const moves = new Map<string, Move>()
    try {
      const isSingle = isOwners(change) && !this.#inOrder.has(change.appends[0]?.stream ?? '')
      const events: (Sealed & { readonly move: Move })[] = []
      const rows: Operation[] = []
      const firstSeq: number[] = []
      for (const append of change.appends) {
        if (!before.has(append.stream)) before.set(append.stream, this.#staged.get(append.stream))
        const { move, from } = this.#move(append, moves)
        firstSeq.push(from.seq + 1)
        this.#seal(append, { move, from }, events, rows)
      }
      const guards = (change.unless ?? []).map(({ table, where }) => this.#around.rows.guard(table, where))
      const isPlain = isSingle && rows.length === 0
      if (!isPlain) for (const stream of moves.keys()) this.#inOrder.add(stream)
      return { change, isPlain, moves: [...moves.values()], events, guards, rows, firstSeq }
    } catch (error) {
      for (const [stream, head] of before) {
        if (head) this.#staged.set(stream, head)
        else this.#staged.delete(stream)
      }
      if (error instanceof Refusal) return error.judged
      throw error
    }
  }

  /** Moves a stream on; a change that appends to it twice compares its head once. */
  #move(append: Append, moves: Map<string, Move>): { readonly move: Move; readonly from: Head } {
    const { stream, expected } = append
    const from = this.#headFor(append, moves)
    const epoch = typeof expected === 'object' && 'claim' in expected ? from.epoch + 1 : from.epoch
    const known = moves.get(stream)
    if (known) {
      known.after = { ...known.after, epoch }
      return { move: known, from }
    }
    const isNew = from.id === NEW_STREAM && !this.#staged.has(stream)
    const origin = isNew && append.continues !== undefined ? this.#find(append.continues) : undefined
    const move: Move = {
      stream,
      before: isNew ? undefined : from,
      after: { ...from, epoch },
      continues:
        origin && append.continues !== undefined
          ? { stream: append.continues, hash: origin.hash, isMoved: moves.has(append.continues) }
          : undefined,
    }
    moves.set(stream, move)
    return { move, from }
  }

  #seal(
    append: Append,
    { move, from }: { readonly move: Move; readonly from: Head },
    events: (Sealed & { readonly move: Move })[],
    rows: Operation[],
  ): void {
    const { stream } = append
    let previous = from.hash
    let seq = from.seq
    for (const event of append.events) {
      const seal = Buffer.allocUnsafe(SEAL_BYTES)
      drawSalt(seal)
      const salt = seal.subarray(0, SALT_BYTES)
      seq++
      const header = { tenant: from.tenant, stream, seq, at: this.at, encoding: ENCODING }
      previous = sealInto(seal, SALT_BYTES, previous, event, header)
      const body = event.body
      // What `text` cannot hold, a blob can.
      const isApart = body !== undefined && (isLarge(body) || body.includes('\0'))
      const blob = isApart ? this.#around.bodies.put(body, `tenant:${from.tenant}`) : 0
      events.push({ event, seq, seal, blob, move })
      this.#project(event, { stream, tenant: from.tenant, seq, salt, hash: previous }, events.length, rows)
    }
    move.after = { ...move.after, seq, hash: previous }
    this.#staged.set(stream, move.after)
  }

  #project(
    event: NewEvent,
    sealed: Pick<StoredEvent, 'stream' | 'tenant' | 'seq' | 'salt' | 'hash'>,
    place: number,
    rows: Operation[],
  ): void {
    const projections = this.#around.projections.get(event.kind)
    if (!projections) return
    const stored: StoredEvent = {
      ...event,
      ...sealed,
      position: PROVISIONAL + place,
      at: this.at,
      domain: undefined,
      keyId: undefined,
      encoding: ENCODING,
    }
    for (const projection of projections)
      for (const change of projection.apply(stored)) rows.push(this.#around.rows.change(change))
  }

  /** The head an append goes upon. @throws {Refusal} */
  #headFor(append: Append, moves: ReadonlyMap<string, Move>): Head {
    const { stream, expected } = append
    const head = this.#find(stream)
    // Hangs on what this batch does, unless it is this very change that did it.
    const isStaged = this.#staged.has(stream) && !moves.has(stream)
    const refuse = (refused: 'stream_moved' | 'already_there' | 'ownership_lost'): Refusal =>
      new Refusal({ outcome: { refused, what: stream }, ...(isStaged ? { hangsOn: stream } : {}) })
    if (expected === 'any') return head ?? this.#create(append, 0)
    if ('seq' in expected) {
      if ((head?.seq ?? 0) !== expected.seq) throw refuse('stream_moved')
      return head ?? this.#create(append, 0)
    }
    if ('new' in expected) {
      if (head) throw refuse('already_there')
      return this.#create(append, expected.epoch ?? 0)
    }
    const epoch = 'claim' in expected ? expected.claim : expected.epoch
    if (!head || head.epoch !== epoch) throw refuse('ownership_lost')
    return head
  }

  #create(append: Append, epoch: number): Head {
    const origin = append.continues === undefined ? undefined : this.#find(append.continues)
    if (append.continues !== undefined && !origin)
      throw new Refusal({ outcome: { refused: 'stream_moved', what: append.continues } })
    const tenant = append.tenant ?? origin?.tenant ?? DEFAULT_TENANT
    return { id: NEW_STREAM, tenant, epoch, seq: 0, hash: origin?.hash ?? GENESIS }
  }

  #find(stream: string): Head | undefined {
    return this.#staged.get(stream) ?? this.#around.heads.get(stream) ?? undefined
  }
}

function isOwners(change: Change): boolean {
  const [only] = change.appends
  return (
    change.appends.length === 1 &&
    (change.unless?.length ?? 0) === 0 &&
    only !== undefined &&
    only.events.length > 0 &&
    typeof only.expected === 'object' &&
    'epoch' in only.expected &&
    !('new' in only.expected)
  )
}
