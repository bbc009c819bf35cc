/**
 * The Log port on Postgres.
 *
 * S1. A commit that resolved is as durable as the database makes it (synchronous_commit is left as its owner set it).
 * S2. Any number of processes read, commit and carry runs; of each run one at a time is the owner, by its epoch.
 * S3. While the database restarts or another takes its place, commits and reads take longer, and fail only after a minute.
 * S4. Nothing outside this folder knows SQL.
 */
import { hash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import {
  BodyTooLarge,
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
import { parseAddress, type Address } from './address.ts'
import { archiveEvents } from './archive.ts'
import { ask, Connector, PATIENCE_MS, Reading } from './connection.ts'
import { Database, isCarried } from './database.ts'
import { loadDriver } from './driver.ts'
import { erase, InVain } from './erase.ts'
import { codeOf, DatabaseFailed, fromDriver } from './errors.ts'
import { Gathering } from './gathering.ts'
import { GroupCommit } from './group-commit.ts'
import { Line } from './line.ts'
import { Listener } from './listener.ts'
import { pauseMs, sleep } from './pause.ts'
import { Projecting } from './projecting.ts'
import { deleteEvents } from './prune.ts'
import { PAGE, Reader, type HeadsOptions } from './reader.ts'
import { restore, type Recorded } from './restore.ts'
import { mustOwn } from './roles.ts'
import { Rows } from './rows.ts'
import { migrate } from './schema.ts'
import { Scrubber } from './scrub.ts'
import { StoreClock } from './store-clock.ts'
import { verify, type Progress } from './verify.ts'
import { Writer } from './writer.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?schema=throughline&sslmode=verify-full` */
  readonly address: string
  readonly projections: readonly Projection[]
  /** For tests: time moved by hand. Without it, the time is that of the database. */
  readonly clock?: Clock
  /** 16 MiB unless told. */
  readonly maxBodyBytes?: number
  readonly isReadOnly?: boolean
  /** Refuse to create the store. */
  readonly mustExist?: boolean
}

/** How long a store that is closed waits for what is being written. */
const DRAIN_MS = 5000
const DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024

/**
 * Opens a store.
 *
 * @throws {BadAddress} @throws {DriverMissing} @throws {DatabaseUnavailable} @throws {AccessDenied} @throws {TlsRefused}
 * @throws {PostgresTooOld} @throws {ForeignStore} @throws {StoreNewer} @throws {StoreMissing}
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresLog> {
  const address = parseAddress(options.address)
  const connector = new Connector(address, await loadDriver())
  await firstConnection(connector)
  const reading = new Reading(connector)
  try {
    const { isReadOnly = false, mustExist = false } = options
    await reading.repeatable((client) => migrate(client, address, { isReadOnly, mustExist }))
    const projecting = new Projecting({
      reading,
      schema: address.schema,
      shown: address.shown,
      projections: options.projections,
    })
    if (!isReadOnly) await projecting.prepare()
    const clock = new StoreClock(options.clock)
    await learnTime(reading, clock)
    return new PostgresLog(options, { address, connector, reading, projecting, clock })
  } catch (error) {
    await reading.close()
    throw fromDriver(error, address.shown)
  }
}

async function learnTime(reading: Reading, clock: StoreClock): Promise<void> {
  await reading.patiently(async (client) => {
    const sentAt = performance.now()
    const [row] = await ask(client, { text: 'SELECT extract(epoch FROM clock_timestamp()) * 1000' })
    clock.learn(sentAt, Number(row?.[0]))
  })
}

/** Says at once what is wrong with an address; waits only for a server that says it is just starting. */
async function firstConnection(connector: Connector): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (let attempt = 1; ; attempt++) {
    try {
      const client = await connector.connect()
      return await client.end()
    } catch (error) {
      if (codeOf(error) !== '57P03' || performance.now() > until)
        throw fromDriver(error, connector.address.shown)
    }
    await sleep(pauseMs(attempt))
  }
}

interface Parts {
  readonly address: Address
  readonly connector: Connector
  readonly reading: Reading
  readonly projecting: Projecting
  readonly clock: StoreClock
}

export class PostgresLog implements Log {
  readonly maxBodyBytes: number
  /** The address, without its password. */
  readonly shown: string
  /** The database's, whatever the clock of this machine says. */
  readonly clock: Clock
  /** For who keeps tables of its own beside the record: dispatch/postgres. */
  readonly database: Database
  readonly #options: PostgresOptions
  readonly #schema: string
  readonly #reading: Reading
  readonly #reader: Reader
  readonly #rows: Rows
  readonly #gathering: Gathering
  readonly #projecting: Projecting
  readonly #writer: Writer | undefined
  readonly #group: GroupCommit | undefined
  readonly #listener: Listener
  readonly #scrubber: Scrubber
  readonly #heard = new Set<(isOurs: boolean) => void>()
  #isClosed = false

  constructor(options: PostgresOptions, { address, connector, reading, projecting, clock }: Parts) {
    this.#options = options
    this.#schema = address.schema
    this.shown = address.shown
    this.maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES
    this.#reading = reading
    this.#reader = new Reader(address.schema, (statement) => reading.select(statement))
    this.#rows = new Rows(address.schema, options.projections)
    this.#gathering = new Gathering({
      select: async (table, query) =>
        this.#rows.read(table, query, await reading.select(this.#rows.select(table, query))),
      heads: (streams) => this.#reader.headsNamed(streams),
      openings: (asked) => this.#reader.openings(asked),
      page: (opening) => this.#reader.page(opening),
    })
    this.#projecting = projecting
    const channel = channelOf(address.schema)
    this.clock = clock
    this.database = new Database({ connector, clock, channel })
    const name = randomBytes(6).toString('base64url')
    if (!options.isReadOnly) {
      const writer = new Writer({
        line: new Line(connector, clock),
        schema: address.schema,
        shown: address.shown,
        rows: this.#rows,
        projections: options.projections,
        clock,
        channel,
        name,
        readViews: (ask) => projecting.views(ask),
      })
      this.#writer = writer
      this.#group = new GroupCommit({
        write: (changes) => writer.write(changes),
        wrote: () => this.#tell(true),
      })
    }
    this.#scrubber = new Scrubber(reading, address.schema)
    if (!options.isReadOnly) void this.#scrubber.runIfOwner()
    this.#listener = new Listener({
      connector,
      channel,
      name,
      position: () => this.#reader.tip(),
      heard: (isOurs) => this.#tell(isOurs),
    })
  }

  async commit(change: Change): Promise<Committed> {
    if (this.#isClosed) throw this.#closed()
    if (!this.#group) throw new DatabaseFailed('store_read_only', this.shown)
    for (const append of change.appends) {
      for (const event of append.events) {
        const bytes = Buffer.byteLength(event.body ?? '')
        if (bytes > this.maxBodyBytes)
          throw new BodyTooLarge(`${event.name ?? event.kind} of ${append.stream}`, bytes, this.maxBodyBytes)
      }
    }
    const committed = await this.#group.commit(change)
    this.#listener.ours(committed.position)
    return committed
  }

  head(stream: string): Promise<Head | undefined> {
    return this.#ask(() => this.#gathering.head(stream))
  }

  heads(options: HeadsOptions = {}): Promise<readonly Head[]> {
    return this.#ask(() => this.#reader.heads(options))
  }

  async *read(stream: string, from = 1): AsyncGenerator<readonly StoredEvent[]> {
    for (let next = from; ;) {
      const page = await this.#ask(() => this.#gathering.page({ stream, from: next }))
      const last = page.at(-1)
      if (!last) return
      yield page
      next = last.seq + 1
      if (page.length < PAGE) return
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
        const page = await this.#reader.feed(last)
        for (const event of page) {
          if (signal.aborted) return
          yield event
          last = event.position
        }
        if (page.length === 0 && !signal.aborted && !this.#isClosed) await woken
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
    return this.#ask(() => this.#gathering.select(table, query))
  }

  onCommit(heard: (isOurs: boolean) => void): () => void {
    this.#heard.add(heard)
    if (!this.#isClosed) this.#listener.on()
    return () => {
      this.#heard.delete(heard)
      if (this.#heard.size === 0) this.#listener.off()
    }
  }

  verify(stream?: string, onProgress?: Progress): Promise<Verdict> {
    return this.#ask(() => verify(this.#reader, stream, onProgress))
  }

  async rebuild(onProgress?: Progress): Promise<{ readonly events: number }> {
    await this.#group?.drained()
    return { events: await this.#ask(() => this.#projecting.rebuild(onProgress)) }
  }

  catchUp(): Promise<Readonly<Record<string, Position>>> {
    return this.#ask(() => this.#projecting.catchUp())
  }

  async prune(streams: readonly string[]): Promise<{ readonly events: number }> {
    await this.#mustOwn('remove events')
    // The record of what goes is written before anything goes: a crash between the two leaves events, never a gap unexplained.
    const heads = await this.#ask(() => this.#reader.headsNamed(streams))
    await this.commit({
      appends: [{ stream: STORE_STREAM, expected: 'any', events: [prunedEvent(heads)] }],
    })
    return {
      events: await this.#ask(() =>
        this.#reading.transaction((client) => deleteEvents(client, this.#schema, streams)),
      ),
    }
  }

  async erase(what: Erase): Promise<Erased> {
    if (!this.#group) throw new DatabaseFailed('store_read_only', this.shown)
    await this.#mustOwn('erase what is on record')
    await this.#group.drained()
    const [schema, { projections }] = [this.#schema, this.#options]
    try {
      const destroyed = await this.#ask(() =>
        this.#reading.repeatable(async (client) => {
          const gone = await erase(client, { schema, projections, now: this.clock.now() }, what)
          if (what.isDryRun) throw new InVain(gone)
          return gone
        }),
      )
      this.#tell(true)
      return { ...destroyed, state: (await this.#scrubber.run()) ? 'done' : 'pending' }
    } catch (error) {
      if (error instanceof InVain) return { ...error.destroyed, state: 'done' }
      throw error
    }
  }

  /** Moves the events of streams that have ended out of the way; they are read as before. */
  async archive(streams: readonly string[]): Promise<{ readonly events: number }> {
    await this.#mustOwn('archive events')
    const move = () => this.#reading.transaction((client) => archiveEvents(client, this.#schema, streams))
    return { events: await this.#ask(move) }
  }

  async restore(recorded: Recorded): Promise<void> {
    await this.#group?.drained()
    const { events } = await this.#ask(() =>
      this.#reading.transaction((client) =>
        restore(client, this.#schema, this.#options.projections, recorded),
      ),
    )
    this.#tell(true)
    if (events > 0) await this.#scrubber.run()
  }

  /** Several processes carry runs side by side: whose a run is, its epoch says. */
  tryOwn(): Promise<boolean> {
    return this.#ask(() => Promise.resolve(this.#group !== undefined))
  }

  /** Whether any living worker carries runs. The right is everybody's: nobody has to go before another may. */
  isOwned(): Promise<boolean> {
    return this.#ask(() => isCarried((statement) => this.#reading.select(statement), this.#schema))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    const drained = this.#group?.drained()
    // A database that is away must not keep whoever closes: what is left is given up by the writer, which says so.
    const patience = new AbortController()
    await Promise.race([drained, pause(DRAIN_MS, undefined, { signal: patience.signal }).catch(() => {})])
    patience.abort()
    this.#isClosed = true
    this.#tell(true) // followers see that it is over
    this.#listener.off()
    await this.#writer?.close()
    await this.#scrubber.close()
    await drained
    await this.#reading.close()
  }

  #mustOwn(what: string): Promise<void> {
    const [schema, shown] = [this.#schema, this.shown]
    return this.#ask(() => this.#reading.patiently((client) => mustOwn(client, { schema, shown, what })))
  }

  #ask<T>(read: () => Promise<T>): Promise<T> {
    return this.#isClosed ? Promise.reject(this.#closed()) : read()
  }

  #closed(): ThroughlineError {
    return new ThroughlineError('closed', { message: `${this.shown} was closed; open it again.` })
  }

  #tell(isOurs: boolean): void {
    for (const heard of this.#heard) heard(isOurs)
  }
}

/** What is listened to; names longer than Postgres allows are shortened so that they stay apart. */
function channelOf(schema: string): string {
  const name = `throughline/${schema}`
  return Buffer.byteLength(name) < 60 ? name : `throughline/${hash('sha256', schema, 'base64url')}`
}
