/**
 * The heads of streams, as the writer knows them: who may append, and to what.
 *
 * H1. An owner's append is held against epoch, seq and hash of the head last written. (UNIQUE(stream, seq) is no fence: a zombie's
 *     second event got in after its first was refused; comparing seq and hash alone let the zombie win.)
 * H2. What is remembered between batches is believed only after COMMIT.
 */
import type { DatabaseSync } from 'node:sqlite'
import { GENESIS, type Append } from '../../log/index.ts'
import type { Outcome } from '../outcome.ts'
import type { StreamHead as Head } from '../stream-head.ts'

/** A change is refused; its neighbours in the batch are not. */
export class Refusal extends Error {
  readonly outcome: Outcome
  constructor(outcome: Outcome) {
    super('refused')
    this.outcome = outcome
  }
}

const MOST_HEADS = 20_000
const DEFAULT_TENANT = 'default'

export class Heads {
  readonly #sql
  readonly #known = new Map<string, Head>()
  /** Of the batch being written. */
  readonly #staged = new Map<string, Head>()
  /** What each move of the batch staged over. */
  #moves: [stream: string, before: Head | undefined][] = []

  constructor(db: DatabaseSync) {
    this.#sql = {
      head: db.prepare('SELECT id, tenant, epoch, seq, hash FROM streams WHERE name = ?'),
      create: db.prepare(
        'INSERT INTO streams (name, tenant, seq, hash, epoch, continues, continues_hash) VALUES (?, ?, 0, ?, ?, ?, ?) RETURNING id',
      ),
      move: db.prepare(
        'UPDATE streams SET seq = ?, hash = ?, epoch = ? WHERE id = ? AND epoch = ? AND seq = ? AND hash = ?',
      ),
    }
  }

  /** What the append goes on from. @throws {Refusal} */
  of(append: Append): Head {
    const { stream, expected } = append
    const owns = typeof expected === 'object' && 'epoch' in expected && !('new' in expected)
    const known = this.#staged.get(stream) ?? (owns ? this.#known.get(stream) : undefined)
    const head = known ?? this.#read(stream)
    if (expected === 'any') return head ?? this.#create(append, 0)
    if ('seq' in expected) {
      if ((head?.seq ?? 0) !== expected.seq) throw new Refusal({ refused: 'stream_moved', what: stream })
      return head ?? this.#create(append, 0)
    }
    if ('new' in expected) {
      if (head) throw new Refusal({ refused: 'already_there', what: stream })
      return this.#create(append, expected.epoch ?? 0)
    }
    const epoch = 'claim' in expected ? expected.claim : expected.epoch
    if (!head || head.epoch !== epoch) {
      this.#known.delete(stream)
      throw new Refusal({ refused: 'ownership_lost', what: stream })
    }
    return head
  }

  /** @throws {Refusal} */
  move({ stream, expected }: Append, from: Head, to: Head): void {
    const moved = this.#sql.move.run(to.seq, to.hash, to.epoch, from.id, from.epoch, from.seq, from.hash)
    if (moved.changes === 0) {
      this.#known.delete(stream)
      throw new Refusal({ refused: expected === 'any' ? 'stream_moved' : 'ownership_lost', what: stream })
    }
    this.#moves.push([stream, this.#staged.get(stream)])
    this.#staged.set(stream, to)
  }

  /** A place in the batch to come back to. */
  mark(): number {
    return this.#moves.length
  }

  /** Takes back what was moved since: a change was refused half-way. */
  backTo(mark: number): void {
    for (const [stream, head] of this.#moves.splice(mark).toReversed()) {
      if (head) this.#staged.set(stream, head)
      else this.#staged.delete(stream)
    }
  }

  /** The batch is committed. */
  keep(): void {
    if (this.#known.size + this.#staged.size > MOST_HEADS) this.#known.clear()
    for (const [stream, head] of this.#staged) this.#known.set(stream, head)
    this.forget()
  }

  /** The batch is over. */
  forget(): void {
    this.#staged.clear()
    this.#moves = []
  }

  #read(stream: string): Head | undefined {
    const row = this.#sql.head.get(stream)
    return (
      row && {
        id: Number(row['id']),
        tenant: String(row['tenant']),
        epoch: Number(row['epoch']),
        seq: Number(row['seq']),
        hash: row['hash'] as Uint8Array,
      }
    )
  }

  #create(append: Append, epoch: number): Head {
    const origin =
      append.continues === undefined
        ? undefined
        : (this.#staged.get(append.continues) ?? this.#read(append.continues))
    if (append.continues !== undefined && !origin)
      throw new Refusal({ refused: 'stream_moved', what: append.continues })
    const tenant = append.tenant ?? origin?.tenant ?? DEFAULT_TENANT
    const hash = origin?.hash ?? GENESIS
    const { continues = null } = append
    const row = this.#sql.create.get(append.stream, tenant, hash, epoch, continues, origin?.hash ?? null)
    return { id: Number(row?.['id']), tenant, epoch, seq: 0, hash }
  }
}
