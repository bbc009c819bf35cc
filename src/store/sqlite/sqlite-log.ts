/**
 * The Log port on one SQLite file.
 *
 * S1. A commit that resolved is on the disk (WAL, synchronous=FULL).
 * S2. Any number of processes may read and commit; one of them holds the right to advance runs (ownership.ts).
 * S3. Nothing outside this folder knows SQL.
 */
import { performance } from 'node:perf_hooks'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import {
  BodyTooLarge,
  systemClock,
  type Change,
  type Clock,
  type Committed,
  type Erase,
  type Erased,
  type Head,
  type Log,
  type Position,
  type Projection,
  type Query,
  type Row,
  type StoredEvent,
  type Verdict,
} from '../../log/index.ts'
import { ThroughlineError } from '../../errors.ts'
import { prunedEvent, STORE_STREAM } from '../pruned.ts'
import { connect } from './connection.ts'
import { erase } from './erase.ts'
import { fromDriver, StoreUnavailable } from './errors.ts'
import { GroupCommit, type Batch } from './group-commit.ts'
import { Ownership } from './ownership.ts'
import { Placement, writerThread } from './placement.ts'
import { Projecting } from './projecting.ts'
import { deleteEvents } from './prune.ts'
import { Reader } from './reader.ts'
import { restore, type Recorded } from './restore.ts'
import { Rows } from './rows.ts'
import { migrate } from './schema.ts'
import { isMarked } from './scrub.ts'
import { OTHERS_MS, Scrubber } from './scrubber.ts'
import { inTransaction, inVain } from './transaction.ts'
import { verify, type Progress } from './verify.ts'
import { growWal } from './wal.ts'
import { Writer } from './writer.ts'

export interface SqliteOptions {
  /** A path, or `:memory:`. */
  readonly file: string
  readonly projections: readonly Projection[]
  /** The module that exports `projections`, for a writer on a thread; without it the writer stays on this one. */
  readonly projectionsModule?: string
  readonly clock?: Clock
  /** 16 MiB unless told. */
  readonly maxBodyBytes?: number
  readonly isReadOnly?: boolean
  /** Refuse to create the file. */
  readonly mustExist?: boolean
}

const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024
const FOREIGN_POLL_MS = 25
/** How long an erasure waits for others who write. */
const BUSY_MS = 10_000
const BUSY_PAUSE_MS = 5

/** Opens a store. @throws {ForeignStore} @throws {StoreNewer} @throws {StoreMissing} @throws {SqliteTooOld} @throws {StoreUnavailable} */
export function openSqlite(options: SqliteOptions): SqliteLog {
  try {
    return new SqliteLog(options)
  } catch (error) {
    throw fromDriver(error, options.file)
  }
}

export class SqliteLog implements Log {
  readonly maxBodyBytes: number
  readonly file: string
  readonly #options: SqliteOptions
  readonly #db: DatabaseSync
  readonly #reader: Reader
  readonly #rows: Rows
  readonly #projecting: Projecting
  readonly #group: GroupCommit | undefined
  readonly #ownership: Ownership | undefined
  readonly #placement = new Placement()
  readonly #scrubber: Scrubber | undefined
  readonly #heard = new Set<(isOurs: boolean) => void>()
  readonly #sql
  #isMoving = false
  #foreignVersion = 0
  /** The newest event this process knows of, and whether somebody else's stood between two of ours. */
  #known = 0
  #hasForeign = false
  #poll: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: SqliteOptions) {
    this.#options = options
    this.file = options.file
    this.maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
    const isReadOnly = options.isReadOnly ?? false
    this.#db = connect(options.file, options)
    try {
      migrate(this.#db, options.file, isReadOnly)
      this.#reader = new Reader(this.#db)
      this.#rows = new Rows(this.#db, options.projections)
      this.#projecting = new Projecting(this.#db, this.#reader, this.#rows, options.projections)
      if (!isReadOnly) this.#projecting.prepare()
      if (!isReadOnly && options.file !== ':memory:') growWal(this.#db, options.file)
    } catch (error) {
      this.#db.close()
      throw error
    }
    const clock = options.clock ?? systemClock
    const writer = isReadOnly ? undefined : new Writer(this.#db, () => clock.now(), options.projections)
    if (writer) {
      this.#group = new GroupCommit({
        file: options.file,
        writer: { write: (changes) => writer.write(changes), close: () => Promise.resolve() },
        wrote: (batch) => this.#wrote(batch, writer.syncMs),
      })
    }
    this.#sql = { dataVersion: this.#db.prepare('PRAGMA data_version') }
    this.#ownership = options.file === ':memory:' ? undefined : new Ownership(`${options.file}-owner`)
    this.#foreignVersion = this.#dataVersion()
    this.#known = this.#reader.tip()
    if (!isReadOnly && options.file !== ':memory:') {
      this.#scrubber = new Scrubber(options.file, () => this.#isClosed || growWal(this.#db, options.file))
      if (isMarked(this.#db)) void this.#scrubber.run()
    }
  }

  commit(change: Change): Promise<Committed> {
    if (this.#isClosed) return Promise.reject(this.#closed())
    if (!this.#group)
      return Promise.reject(
        fromDriver(Object.assign(new Error('opened read-only'), { errcode: 8 }), this.file),
      )
    for (const append of change.appends) {
      for (const event of append.events) {
        const bytes = Buffer.byteLength(event.body ?? '')
        if (bytes > this.maxBodyBytes)
          return Promise.reject(
            new BodyTooLarge(`${event.name ?? event.kind} of ${append.stream}`, bytes, this.maxBodyBytes),
          )
      }
    }
    return this.#group.commit(change)
  }

  head(stream: string): Promise<Head | undefined> {
    return this.#ask(() => this.#reader.head(stream))
  }

  heads(
    options: { readonly after?: string; readonly under?: string; readonly limit?: number } = {},
  ): Promise<readonly Head[]> {
    const { after = '', under = '', limit = 500 } = options
    return this.#ask(() => this.#reader.heads(after, under, limit))
  }

  async *read(stream: string, from = 1): AsyncGenerator<readonly StoredEvent[]> {
    for (let next = from; ;) {
      const page = this.#reader.page(stream, next)
      const last = page.at(-1)
      if (!last) return
      yield page
      next = last.seq + 1
      if (page.length < 1000) return
    }
  }

  eventsAt(positions: readonly Position[]): Promise<readonly StoredEvent[]> {
    return this.#ask(() => this.#reader.at(positions))
  }

  async *follow(from: Position, signal: AbortSignal): AsyncGenerator<StoredEvent> {
    let last = from
    let wake = () => {}
    const stop = this.onCommit(() => wake())
    const abort = () => wake()
    signal.addEventListener('abort', abort)
    try {
      while (!signal.aborted && !this.#isClosed) {
        const woken = new Promise<void>((resolve) => (wake = resolve))
        const page = this.#reader.feed(last)
        for (const event of page) {
          if (signal.aborted) return
          yield event
          last = event.position
        }
        if (page.length === 0 && !signal.aborted) await woken
      }
    } finally {
      stop()
      signal.removeEventListener('abort', abort)
    }
  }

  position(): Promise<Position> {
    return this.#ask(() => this.#reader.tip())
  }

  select(table: string, query: Query): Promise<readonly Row[]> {
    return this.#ask(() => this.#rows.select(table, query))
  }

  onCommit(heard: (isOurs: boolean) => void): () => void {
    this.#heard.add(heard)
    if (this.file !== ':memory:') this.#poll ??= setInterval(() => this.#listen(), FOREIGN_POLL_MS)
    return () => {
      this.#heard.delete(heard)
      if (this.#heard.size > 0) return
      clearInterval(this.#poll)
      this.#poll = undefined
    }
  }

  verify(stream?: string, onProgress?: Progress): Promise<Verdict> {
    return verify(this.#reader, stream, onProgress)
  }

  async rebuild(onProgress?: Progress): Promise<{ readonly events: number }> {
    await this.#group?.drained()
    return { events: this.#inOurWords(() => this.#projecting.rebuild(undefined, onProgress)) }
  }

  async catchUp(): Promise<Readonly<Record<string, Position>>> {
    return this.#inOurWords(() => this.#projecting.catchUp())
  }

  async prune(streams: readonly string[]): Promise<{ readonly events: number }> {
    // The record of what goes is written before anything goes: a crash between the two leaves events, never a gap unexplained.
    const heads = streams.map((stream) => this.#reader.head(stream)).filter((head) => head !== undefined)
    await this.commit({
      appends: [{ stream: STORE_STREAM, expected: 'any', events: [prunedEvent(heads)] }],
    })
    return { events: this.#inOurWords(() => inTransaction(this.#db, () => deleteEvents(this.#db, streams))) }
  }

  async erase(what: Erase): Promise<Erased> {
    if (this.#isClosed) throw this.#closed()
    if (!this.#group) throw new StoreUnavailable('store_read_only', this.file, undefined)
    const { projections, clock = systemClock } = this.#options
    const work = () => erase(this.#db, this.#reader, projections, what, clock.now())
    if (what.isDryRun) {
      await this.#group.drained()
      return { ...this.#inOurWords(() => inVain(this.#db, work)), state: 'done' }
    }
    const destroyed = await whileBusy(() => this.#thoroughly(work))
    this.#tell(true)
    const isDone = (await this.#scrubber?.run()) ?? true
    return { ...destroyed, state: isDone ? 'done' : 'pending' }
  }

  async restore(recorded: Recorded): Promise<void> {
    const { projections } = this.#options
    const { events } = await this.#thoroughly(() => restore(this.#db, this.#reader, projections, recorded))
    this.#tell(true)
    if (events > 0) await this.#scrubber?.run()
  }

  /** A transaction that may destroy something: what it deletes is overwritten. */
  async #thoroughly<T>(work: () => T): Promise<T> {
    await this.#group?.drained()
    this.#db.exec('PRAGMA secure_delete = ON')
    try {
      return this.#inOurWords(() => inTransaction(this.#db, work))
    } finally {
      this.#db.exec('PRAGMA secure_delete = FAST')
    }
  }

  tryOwn(): Promise<boolean> {
    return this.#ask(() => this.#group !== undefined && (this.#ownership?.tryTake() ?? true))
  }

  isOwned(): Promise<boolean> {
    return this.#ask(() => this.#ownership?.isHeld() ?? true)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    await this.#group?.drained()
    this.#isClosed = true
    clearInterval(this.#poll)
    this.#tell(true) // followers see that it is over
    await this.#group?.writer.close()
    await this.#scrubber?.close()
    this.#db.close()
    this.#ownership?.release()
  }

  /** The driver answers at once; what it throws is a refusal in our words. */
  #ask<T>(read: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(this.#closed())
    try {
      return Promise.resolve(read())
    } catch (error) {
      return Promise.reject(fromDriver(error, this.file))
    }
  }

  #closed(): ThroughlineError {
    return new ThroughlineError('closed', { message: `${this.file} was closed; open it again.` })
  }

  /** What the driver has to say of it, in our words. */
  #inOurWords<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw fromDriver(error, this.file)
    }
  }

  #wrote(batch: Batch, syncMs: number): void {
    if (batch.events > 0) {
      if (batch.position - batch.events !== this.#known) this.#hasForeign = true
      this.#known = batch.position
    }
    this.#place(batch, syncMs)
    this.#tell(true)
  }

  #place({ changes, bytes }: Batch, syncMs: number): void {
    if (this.#isMoving) return
    this.#placement.note(changes, syncMs, bytes)
    const { projectionsModule: projections, clock } = this.#options
    if (
      !this.#placement.wantsThread ||
      projections === undefined ||
      clock !== undefined ||
      this.file === ':memory:'
    )
      return
    this.#isMoving = true
    void writerThread({ file: this.file, projections }).then(
      (writer) => this.#group && (this.#group.writer = writer),
      () => {}, // no thread to be had: the main one goes on writing, only slower
    )
  }

  #tell(isOurs: boolean): void {
    for (const heard of this.#heard) heard(isOurs)
  }

  #listen(): void {
    const version = this.#dataVersion()
    if (version === this.#foreignVersion) return
    this.#foreignVersion = version
    if (this.#scrubber && isMarked(this.#db)) this.#scrubber.later(OTHERS_MS)
    // A writer on a thread is another connection, and not somebody else.
    const tip = this.#reader.tip()
    if (tip === this.#known && !this.#hasForeign) return
    this.#known = tip
    this.#hasForeign = false
    this.#tell(false)
  }

  #dataVersion(): number {
    return Number(this.#sql.dataVersion.get()?.['data_version'])
  }
}

/** What was begun in vain because another process writes, begun again. */
async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + BUSY_MS; ;) {
    try {
      return await work()
    } catch (error) {
      const isBusy = error instanceof StoreUnavailable && error.code === 'store_busy'
      if (!isBusy || performance.now() > until) throw error
    }
    await pause(BUSY_PAUSE_MS)
  }
}
