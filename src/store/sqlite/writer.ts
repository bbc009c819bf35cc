/**
 * One batch, one transaction, one fsync: the only code that changes the store's events.
 *
 * W1. A change goes in whole or not at all; a refused one leaves its neighbours in the batch alone.
 * W2. An owner's append compares epoch, seq and hash with the head it last wrote. (UNIQUE(stream, seq) is no fence: a zombie's
 *     second event got in after its first was refused; comparing seq and hash alone let the zombie win.)
 * W3. Time never goes back: a batch is at the later of the clock and the newest event.
 * W4. What it remembers between batches (heads) is believed only after COMMIT.
 */
import type { DatabaseSync } from 'node:sqlite'
import {
  chainHash,
  GENESIS,
  type Append,
  type Change,
  type NewEvent,
  type Projection,
  type StoredEvent,
} from '../../log/index.ts'
import { isLarge } from '../blob.ts'
import { drawSalt, SALT_BYTES, SEAL_BYTES } from '../seal.ts'
import type { Outcome } from '../outcome.ts'
import { Bodies } from './bodies.ts'
import { RowRefused, Rows } from './rows.ts'

interface Head {
  readonly id: number
  readonly tenant: string
  readonly epoch: number
  readonly seq: number
  readonly hash: Uint8Array
}

/** What the writer adds to an event. */
interface Seal {
  readonly salt: Uint8Array
  readonly hash: Uint8Array
  /** Salt and hash as they are stored. */
  readonly bytes: Uint8Array
  readonly position: number
}

class Refusal extends Error {
  readonly outcome: Outcome
  constructor(outcome: Outcome) {
    super('refused')
    this.outcome = outcome
  }
}

const UNKNOWN = -1
const CONSTRAINT = 19

const isConstraint = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === CONSTRAINT

const MOST_HEADS = 20_000
const JSON_ENCODING = 1
const DEFAULT_TENANT = 'default'

export class Writer {
  /** How long the disk took for the last batch. */
  syncMs = 0
  readonly #db: DatabaseSync
  readonly #now: () => number
  readonly #rows: Rows
  readonly #bodies: Bodies
  readonly #projections = new Map<string, Projection[]>()
  readonly #sql
  readonly #heads = new Map<string, Head>()
  readonly #staged = new Map<string, Head>()
  /** What a change staged over, to be put back if it is refused half-way. */
  #touched: [stream: string, before: Head | undefined][] = []
  /** Of the newest event, as far as this writer knows: a batch that finds it taken reads it anew. */
  #position = UNKNOWN
  #at = 0

  constructor(db: DatabaseSync, now: () => number, projections: readonly Projection[]) {
    this.#db = db
    this.#now = now
    this.#rows = new Rows(db, projections)
    this.#bodies = new Bodies(db)
    for (const projection of projections) {
      if (projection.mode !== 'inline') continue
      for (const kind of projection.kinds)
        this.#projections.set(kind, [...(this.#projections.get(kind) ?? []), projection])
    }
    this.#sql = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
      save: db.prepare('SAVEPOINT change'),
      release: db.prepare('RELEASE change'),
      undo: db.prepare('ROLLBACK TO change'),
      tip: db.prepare('SELECT position, at FROM events ORDER BY position DESC LIMIT 1'),
      head: db.prepare('SELECT id, tenant, epoch, seq, hash FROM streams WHERE name = ?'),
      create: db.prepare(
        'INSERT INTO streams (name, tenant, seq, hash, epoch, continues, continues_hash) VALUES (?, ?, 0, ?, ?, ?, ?) RETURNING id',
      ),
      move: db.prepare(
        'UPDATE streams SET seq = ?, hash = ?, epoch = ? WHERE id = ? AND epoch = ? AND seq = ? AND hash = ?',
      ),
      insert: db.prepare(
        'INSERT INTO events (position, stream, seq, kind, version, name, ordinal, after, at, actor, encoding, body, blob, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ),
    }
  }

  /** Writes a batch. Throws, with nothing written, when the store cannot take it. */
  write(changes: readonly Change[]): Outcome[] {
    const isGuess = this.#position !== UNKNOWN
    try {
      return this.#write(changes)
    } catch (error) {
      // Another process wrote since: its events hold the positions this batch was to have. Nothing of the batch is there yet.
      if (!isGuess || !isConstraint(error)) throw error
      return this.#write(changes)
    }
  }

  #write(changes: readonly Change[]): Outcome[] {
    this.#sql.begin.run()
    this.#touched = []
    try {
      if (this.#position === UNKNOWN) this.#readTip()
      this.#at = Math.max(Math.trunc(this.#now()), this.#at)
      const outcomes = changes.map((change) => this.#apply(change))
      const beforeSync = performance.now()
      this.#sql.commit.run()
      this.syncMs = performance.now() - beforeSync
      this.#remember()
      return outcomes
    } catch (error) {
      this.#position = UNKNOWN
      this.#staged.clear()
      this.#bodies.forget()
      if (this.#db.isTransaction) this.#sql.rollback.run()
      throw error
    }
  }

  #readTip(): void {
    const tip = this.#sql.tip.get()
    this.#position = Number(tip?.['position'] ?? 0)
    this.#at = Math.max(this.#at, Number(tip?.['at'] ?? 0))
  }

  #remember(): void {
    if (this.#heads.size + this.#staged.size > MOST_HEADS) this.#heads.clear()
    for (const [stream, head] of this.#staged) this.#heads.set(stream, head)
    this.#staged.clear()
  }

  #apply(change: Change): Outcome {
    // One append by a stream's owner compares before it writes, so there is nothing to undo; but where it changes rows, one may refuse.
    const [only] = change.appends
    const isPlain =
      change.appends.length === 1 &&
      only !== undefined &&
      typeof only.expected === 'object' &&
      'epoch' in only.expected &&
      !('new' in only.expected) &&
      !only.events.some((event) => this.#projections.has(event.kind))
    if (isPlain) {
      try {
        return this.#put(change)
      } catch (error) {
        if (error instanceof Refusal) return error.outcome
        throw error
      }
    }
    return this.#applySafely(change)
  }

  #applySafely(change: Change): Outcome {
    const position = this.#position
    this.#touched = []
    this.#sql.save.run()
    try {
      const outcome = this.#put(change)
      this.#sql.release.run()
      return outcome
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof RowRefused)) throw error
      this.#sql.undo.run()
      this.#sql.release.run()
      for (const [stream, head] of this.#touched.toReversed()) {
        if (head) this.#staged.set(stream, head)
        else this.#staged.delete(stream)
      }
      this.#position = position
      this.#bodies.forget()
      return error instanceof Refusal
        ? error.outcome
        : { refused: 'already_there', what: error.table, row: error.row }
    }
  }

  #put(change: Change): Outcome {
    for (const guard of change.unless ?? []) {
      if (this.#rows.select(guard.table, { where: guard.where, limit: 1 }).length > 0)
        throw new Refusal({ refused: 'guard_failed', what: guard.table })
    }
    const firstSeq = change.appends.map((append) => this.#append(append))
    return { at: this.#at, firstSeq, position: this.#position }
  }

  #append(append: Append): number {
    const { stream, expected, events } = append
    const head = this.#headFor(append)
    const epoch = typeof expected === 'object' && 'claim' in expected ? head.epoch + 1 : head.epoch
    const seq = head.seq + events.length
    const sealed = this.#seal(events, head, stream)
    const hash = sealed.at(-1)?.hash ?? head.hash
    const moved = this.#sql.move.run(seq, hash, epoch, head.id, head.epoch, head.seq, head.hash)
    if (moved.changes === 0) {
      this.#heads.delete(stream)
      throw new Refusal({ refused: expected === 'any' ? 'stream_moved' : 'ownership_lost', what: stream })
    }
    for (const [i, event] of events.entries()) {
      const seal = sealed[i]
      if (seal) this.#insert(event, head, head.seq + 1 + i, seal)
    }
    this.#touched.push([stream, this.#staged.get(stream)])
    this.#staged.set(stream, { id: head.id, tenant: head.tenant, epoch, seq, hash })
    for (const [i, event] of events.entries()) this.#project(event, stream, head, i, sealed[i])
    this.#position += events.length
    return head.seq + 1
  }

  /** Salts and hashes, in order. */
  #seal(events: readonly NewEvent[], head: Head, stream: string): Seal[] {
    let previous = head.hash
    return events.map((event, i) => {
      const bytes = Buffer.allocUnsafe(SEAL_BYTES)
      const salt = bytes.subarray(0, SALT_BYTES)
      drawSalt(salt)
      previous = chainHash(
        previous,
        event,
        { tenant: head.tenant, stream, seq: head.seq + 1 + i, at: this.#at, encoding: JSON_ENCODING },
        salt,
      )
      bytes.set(previous, SALT_BYTES)
      return { salt, hash: previous, bytes, position: this.#position + 1 + i }
    })
  }

  #headFor(append: Append): Head {
    const { stream, expected } = append
    const owns = typeof expected === 'object' && 'epoch' in expected && !('new' in expected)
    const known = this.#staged.get(stream) ?? (owns ? this.#heads.get(stream) : undefined)
    const head = known ?? this.#readHead(stream)
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
      this.#heads.delete(stream)
      throw new Refusal({ refused: 'ownership_lost', what: stream })
    }
    return head
  }

  #readHead(stream: string): Head | undefined {
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
        : (this.#staged.get(append.continues) ?? this.#readHead(append.continues))
    if (append.continues !== undefined && !origin)
      throw new Refusal({ refused: 'stream_moved', what: append.continues })
    const tenant = append.tenant ?? origin?.tenant ?? DEFAULT_TENANT
    const hash = origin?.hash ?? GENESIS
    const row = this.#sql.create.get(
      append.stream,
      tenant,
      hash,
      epoch,
      append.continues ?? null,
      origin?.hash ?? null,
    )
    return { id: Number(row?.['id']), tenant, epoch, seq: 0, hash }
  }

  #insert(event: NewEvent, head: Head, seq: number, seal: Seal): void {
    const body = event.body ?? null
    const blob = body !== null && isLarge(body) ? this.#bodies.put(body, `tenant:${head.tenant}`) : null
    this.#sql.insert.run(
      seal.position,
      head.id,
      seq,
      event.kind,
      event.version,
      event.name ?? null,
      event.ordinal ?? null,
      event.after ?? null,
      this.#at,
      event.actor ?? null,
      JSON_ENCODING,
      blob === null ? body : null,
      blob,
      seal.bytes,
    )
  }

  #project(event: NewEvent, stream: string, head: Head, i: number, seal: Seal | undefined): void {
    const projections = this.#projections.get(event.kind)
    if (!projections || !seal) return
    const stored: StoredEvent = {
      ...event,
      salt: seal.salt,
      hash: seal.hash,
      position: seal.position,
      stream,
      tenant: head.tenant,
      seq: head.seq + 1 + i,
      at: this.#at,
      domain: undefined,
      keyId: undefined,
      encoding: JSON_ENCODING,
    }
    for (const projection of projections)
      for (const change of projection.apply(stored)) this.#rows.change(change)
  }
}
