/**
 * Connections to the database: one at a time for who needs its own (`Connector`), a few for reading (`Reading`).
 *
 * K1. A connection that does not answer in time is broken off: a cut network says nothing for hours.
 * K2. Reading is asked again, over a new connection, until it is answered or patience ends; it changes nothing, so it may.
 */
import type { Client, ClientConfig, Pool, PoolClient, QueryArrayConfig, QueryConfig } from 'pg'
import type { Address } from './address.ts'
import type { Driver } from './driver.ts'
import { fromDriver, isLost, mayPass } from './errors.ts'
import { pauseMs, sleep } from './pause.ts'

/** A row as an array, in the order of its columns. */
export type Values = readonly unknown[]

export interface Statement {
  readonly text: string
  readonly values?: readonly unknown[]
  /** Prepared under this name, once a connection. */
  readonly name?: string
  /** May take as long as it takes: it goes over the whole store. */
  readonly isLong?: boolean
  /** Without an answer by then the connection is taken for dead. */
  readonly withinMs?: number
}

export const PATIENCE_MS = 60_000
export const STATEMENT_TIMEOUT_MS = 30_000
const IDLE_IN_TRANSACTION_MS = 15_000
/** Longer than the server's own, which ends a statement cleanly. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000
const NO_TIMEOUT_MS = 2 ** 31 - 1
const READERS = 4

/** A connection that is not said goodbye to by then is just left: over a cut network nobody ever answers. */
const GOODBYE_MS = 1000

const INT8 = 20
const BYTEA = 17

/** Numbers as numbers, bytes as bytes, everything else as the text it came as. */
const types = {
  getTypeParser(oid: number): (text: string) => unknown {
    if (oid === BYTEA) return (text) => Buffer.from(text.slice(2), 'hex')
    if (oid === INT8 || oid === 21 || oid === 23 || oid === 701) return Number
    if (oid === 16) return (text) => text === 't'
    return (text) => text
  },
}

export class Connector {
  readonly address: Address
  readonly driver: Driver
  /** What `prefer` found out. */
  #isPlain = false

  constructor(address: Address, driver: Driver) {
    this.address = address
    this.driver = driver
  }

  /** An open connection, whose end is the caller's. */
  async connect(own: ClientConfig = {}): Promise<Client> {
    const client = await this.#open(own)
    client.on('error', () => {}) // whoever asks next is told
    return client
  }

  async #open(own: ClientConfig): Promise<Client> {
    try {
      return await this.#tryOpen({ ...this.settings(), ...own })
    } catch (error) {
      if (this.address.tls !== 'prefer' || this.#isPlain || !/does not support SSL/.test(String(error)))
        throw error
      this.#isPlain = true
      return this.#tryOpen({ ...this.settings(), ...own })
    }
  }

  async #tryOpen(config: ClientConfig): Promise<Client> {
    const client = new this.driver.Client(config)
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      void end(client)
      throw error
    }
  }

  settings(): ClientConfig {
    const { host, port, user, password, database, applicationName, connectTimeoutMs } = this.address
    const given = { host, port, user, password, database }
    return {
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ssl: this.#tls(),
      types,
      application_name: applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    }
  }

  #tls(): ClientConfig['ssl'] {
    const { tls, certificates } = this.address
    switch (tls) {
      case 'disable':
        return false
      case 'prefer':
        return this.#isPlain ? false : { ...certificates, rejectUnauthorized: false }
      case 'require':
        return { ...certificates, rejectUnauthorized: false }
      case 'verify-ca':
        return { ...certificates, rejectUnauthorized: true, checkServerIdentity: () => undefined }
      case 'verify-full':
        return { ...certificates, rejectUnauthorized: true }
    }
  }
}

/** Asks on one connection, and breaks it off when no answer comes. */
export async function ask(
  client: Client | PoolClient,
  { isLong, withinMs = isLong ? NO_TIMEOUT_MS : undefined, ...statement }: Statement,
): Promise<readonly Values[]> {
  try {
    const timeout = withinMs === undefined ? {} : { query_timeout: withinMs }
    const config = { ...statement, ...timeout, rowMode: 'array' } as QueryArrayConfig & QueryConfig // rows as arrays
    return (await client.query(config)).rows as unknown as Values[] // rowMode: every row is an array
  } catch (error) {
    if (isLost(error) && !('release' in client)) void end(client)
    throw error
  }
}

/** Ends a connection, in any case. Never rejects. */
export async function end(client: Client): Promise<void> {
  const leave = setTimeout(() => client.connection.stream.destroy(), GOODBYE_MS)
  await client.end().catch(() => {})
  clearTimeout(leave)
}

export class Reading {
  readonly #connector: Connector
  readonly #pool: Pool
  readonly #clients = new Set<PoolClient>()
  #isClosed = false

  constructor(connector: Connector) {
    this.#connector = connector
    this.#pool = new connector.driver.Pool({
      ...connector.settings(),
      max: READERS,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    })
    this.#pool.on('error', () => {}) // an idle connection ended; the next is a new one
    this.#pool.on('connect', (client) => {
      client.on('error', () => {}) // between two statements of a transaction, too
      this.#clients.add(client)
    })
    this.#pool.on('remove', (client) => void this.#clients.delete(client))
  }

  /** @throws {DatabaseUnavailable} after a minute of trying */
  select(statement: Statement): Promise<readonly Values[]> {
    if (statement.isLong) return this.transaction((client) => ask(client, statement))
    return this.patiently(async (client) => ask(client, statement))
  }

  /** Work that may be repeated from its beginning, on one connection. */
  async patiently<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const until = performance.now() + PATIENCE_MS
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(work)
      } catch (error) {
        const isWorthTrying =
          (isLost(error) || mayPass(error)) && performance.now() < until && !this.#isClosed
        if (!isWorthTrying) throw fromDriver(error, this.#connector.address.shown)
      }
      await sleep(pauseMs(attempt))
    }
  }

  /** Work on one connection, once. */
  async once<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let broken: boolean | undefined
    try {
      return await work(client)
    } catch (error) {
      broken = isLost(error)
      throw error
    } finally {
      client.release(broken)
    }
  }

  /** A transaction; its errors in our words. Not repeated: its work may have had effects outside. */
  transaction<T>(work: (client: PoolClient) => Promise<T>, kind = ''): Promise<T> {
    return this.once(async (client) => {
      await client.query(`BEGIN ${kind}`)
      try {
        // Long on purpose: what goes here is not a request that somebody waits for.
        await client.query(
          'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 60000',
        )
        const result = await work(client)
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {})
        throw error
      }
    }).catch((error: unknown) => {
      throw fromDriver(error, this.#connector.address.shown)
    })
  }

  /** A transaction that may be repeated from its beginning, and is, where another got in its way: of two that deadlock one is given up. */
  async repeatable<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const until = performance.now() + PATIENCE_MS
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.transaction(work)
      } catch (error) {
        if (!(error instanceof Error) || !mayPass(error.cause) || performance.now() > until) throw error
      }
      await sleep(pauseMs(attempt))
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    let leave: NodeJS.Timeout | undefined
    const left = new Promise<void>((resolve) => {
      leave = setTimeout(() => {
        for (const client of this.#clients) client.connection.stream.destroy()
        resolve() // those that are still being opened end by themselves
      }, GOODBYE_MS)
    })
    await Promise.race([this.#pool.end(), left])
    clearTimeout(leave)
  }
}
