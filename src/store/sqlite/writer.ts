/**
 * One batch, one transaction, one fsync: the only code that changes the store's events.
 *
 * W1. A change goes in whole or not at all; a refused one leaves its neighbours in the batch alone.
 * W2. Who may append, and to what, is for the heads to say (heads.ts).
 * W3. Time never goes back: a batch is at the later of the clock and the newest event.
 */
import { performance } from 'node:perf_hooks'
import type { DatabaseSync } from 'node:sqlite'
import {
  ENCODING,
  sealInto,
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
import type { StreamHead as Head } from '../stream-head.ts'
import { Heads, Refusal } from './heads.ts'
import { RowRefused, Rows } from './rows.ts'

/** What the writer adds to an event: salt and hash, as they are stored. */
type Seal = Buffer

const UNKNOWN = -1
const CONSTRAINT = 19

const isConstraint = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === CONSTRAINT

export class Writer {
  /** How long the disk took for the last batch. */
  syncMs = 0
  readonly #db: DatabaseSync
  readonly #now: () => number
  readonly #rows: Rows
  readonly #bodies: Bodies
  readonly #projections = new Map<string, Projection[]>()
  readonly #sql
  readonly #heads: Heads
  /** Of the newest event, as far as this writer knows: a batch that finds it taken reads it anew. */
  #position = UNKNOWN
  #at = 0

  constructor(db: DatabaseSync, now: () => number, projections: readonly Projection[]) {
    this.#db = db
    this.#now = now
    this.#rows = new Rows(db, projections)
    this.#bodies = new Bodies(db)
    this.#heads = new Heads(db)
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
    try {
      if (this.#position === UNKNOWN) this.#readTip()
      this.#at = Math.max(Math.trunc(this.#now()), this.#at)
      const outcomes: Outcome[] = []
      for (const change of changes) outcomes.push(this.#apply(change))
      const beforeSync = performance.now()
      this.#sql.commit.run()
      this.syncMs = performance.now() - beforeSync
      this.#heads.keep()
      return outcomes
    } catch (error) {
      this.#position = UNKNOWN
      this.#heads.forget()
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

  #apply(change: Change): Outcome {
    if (!this.#isPlain(change)) return this.#applySafely(change)
    try {
      return this.#put(change)
    } catch (error) {
      if (error instanceof Refusal) return error.outcome
      throw error
    }
  }

  /** One append by a stream's owner that changes no rows: it compares before it writes, so there is nothing to undo. */
  #isPlain({ appends }: Change): boolean {
    const [only] = appends
    if (appends.length !== 1 || only === undefined) return false
    const { expected, events } = only
    if (typeof expected !== 'object' || !('epoch' in expected) || 'new' in expected) return false
    for (const { kind } of events) if (this.#projections.has(kind)) return false
    return true
  }

  #applySafely(change: Change): Outcome {
    const position = this.#position
    const mark = this.#heads.mark()
    this.#sql.save.run()
    try {
      const outcome = this.#put(change)
      this.#sql.release.run()
      return outcome
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof RowRefused)) throw error
      this.#sql.undo.run()
      this.#sql.release.run()
      this.#heads.backTo(mark)
      this.#position = position
      this.#bodies.forget()
      return error instanceof Refusal
        ? error.outcome
        : { refused: 'already_there', what: error.table, row: error.row }
    }
  }

  #put(change: Change): Outcome {
    if (change.unless) this.#guard(change.unless)
    const firstSeq: number[] = []
    for (const append of change.appends) firstSeq.push(this.#append(append))
    return { at: this.#at, firstSeq, position: this.#position }
  }

  #guard(unless: NonNullable<Change['unless']>): void {
    for (const { table, where } of unless)
      if (this.#rows.select(table, { where, limit: 1 }).length > 0)
        throw new Refusal({ refused: 'guard_failed', what: table })
  }

  #append(append: Append): number {
    const { stream, expected, events } = append
    const head = this.#heads.of(append)
    const epoch = typeof expected === 'object' && 'claim' in expected ? head.epoch + 1 : head.epoch
    const seq = head.seq + events.length
    const seals: Seal[] = []
    let hash = head.hash
    for (let i = 0; i < events.length; i++) {
      const seal = Buffer.allocUnsafe(SEAL_BYTES)
      drawSalt(seal)
      hash = this.#seal(seal, hash, events[i] as NewEvent, head, stream, head.seq + 1 + i) // i < length
      seals.push(seal)
    }
    this.#heads.move(append, head, { ...head, epoch, seq, hash })
    for (let i = 0; i < events.length; i++)
      this.#insert(events[i] as NewEvent, head, head.seq + 1 + i, seals[i] as Seal, this.#position + 1 + i)
    for (let i = 0; i < events.length; i++)
      this.#project(
        events[i] as NewEvent,
        stream,
        head,
        head.seq + 1 + i,
        seals[i] as Seal,
        this.#position + 1 + i,
      )
    this.#position += events.length
    return head.seq + 1
  }

  #seal(
    seal: Seal,
    previous: Uint8Array,
    event: NewEvent,
    { tenant }: Head,
    stream: string,
    seq: number,
  ): Uint8Array {
    const header = { tenant, stream, seq, at: this.#at, encoding: ENCODING }
    return sealInto(seal, SALT_BYTES, previous, event, header)
  }

  #insert(event: NewEvent, head: Head, seq: number, seal: Seal, position: number): void {
    const body = event.body ?? null
    const blob = body !== null && isLarge(body) ? this.#bodies.put(body, `tenant:${head.tenant}`) : null
    this.#sql.insert.run(
      position,
      head.id,
      seq,
      event.kind,
      event.version,
      event.name ?? null,
      event.ordinal ?? null,
      event.after ?? null,
      this.#at,
      event.actor ?? null,
      ENCODING,
      blob === null ? body : null,
      blob,
      seal,
    )
  }

  #project(event: NewEvent, stream: string, head: Head, seq: number, seal: Seal, position: number): void {
    const projections = this.#projections.get(event.kind)
    if (!projections) return
    const stored: StoredEvent = {
      ...event,
      salt: seal.subarray(0, SALT_BYTES),
      hash: seal.subarray(SALT_BYTES),
      position,
      stream,
      tenant: head.tenant,
      seq,
      at: this.#at,
      domain: undefined,
      keyId: undefined,
      encoding: ENCODING,
    }
    for (const projection of projections)
      for (const change of projection.apply(stored)) this.#rows.change(change)
  }
}
