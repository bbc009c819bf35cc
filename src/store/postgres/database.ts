/**
 * The database for a room that keeps tables of its own beside the record: connections, the clock, and nothing of the record.
 *
 * D1. A session of one's own: what it waits for keeps nobody else waiting, and it is broken off when it does not answer in time.
 */
import type { Client } from 'pg'
import { ask, end, type Connector, type Statement, type Values } from './connection.ts'
import { fromDriver, isLost, mayPass } from './errors.ts'
import type { StoreClock } from './store-clock.ts'
import { quote } from './text.ts'

export interface DatabaseOptions {
  readonly connector: Connector
  readonly clock: StoreClock
  readonly channel: string
}

export class Database {
  readonly schema: string
  readonly shown: string
  /** What commits are told on. */
  readonly channel: string
  readonly #connector: Connector
  readonly #clock: StoreClock

  constructor({ connector, clock, channel }: DatabaseOptions) {
    this.schema = quote(connector.address.schema)
    this.shown = connector.address.shown
    this.channel = channel
    this.#connector = connector
    this.#clock = clock
  }

  /** Time is moved by hand, for tests. */
  get isByHand(): boolean {
    return this.#clock.isByHand
  }

  /** The database said what time it was. `isForced`: what was believed before is known to be wrong. */
  learn(sentAt: number, said: number, isForced = false): void {
    this.#clock.learn(sentAt, said, isForced)
  }

  async connect(): Promise<Session> {
    return new Session(await this.#connector.connect())
  }

  /** Whether the same may succeed later: nobody answered, or not now. */
  isPassing(error: unknown): boolean {
    return isLost(error) || mayPass(error)
  }

  /** An error in our words. */
  errorOf(error: unknown): unknown {
    return fromDriver(error, this.shown)
  }
}

/** One connection. */
export class Session {
  readonly #client: Client
  isEnded = false

  constructor(client: Client) {
    this.#client = client
    client.once('end', () => (this.isEnded = true))
  }

  ask(text: string, values?: readonly unknown[]): Promise<readonly Values[]> {
    return ask(this.#client, values ? { text, values } : { text })
  }

  async end(): Promise<void> {
    this.isEnded = true
    await end(this.#client)
  }

  /** Without a word to the server, which may be out of reach. */
  breakOff(): void {
    this.isEnded = true
    this.#client.connection.stream.destroy()
  }
}

/** Whether a living worker is on the list that dispatch/postgres keeps. */
export async function isCarried(
  select: (statement: Statement) => Promise<readonly Values[]>,
  schema: string,
): Promise<boolean> {
  const workers = `${quote(schema)}.live_workers`
  const [made] = await select({ text: 'SELECT to_regclass($1) IS NOT NULL', values: [workers] })
  if (made?.[0] !== true) return false
  const [row] = await select({ text: `SELECT EXISTS (SELECT 1 FROM ${workers})` })
  return row?.[0] === true
}
