/**
 * The one connection that writes.
 *
 * N1. It is opened when it is first needed, and again after it was lost.
 * N2. Before a new one is used after a loss, the old one's session is ended, at the server, and gone: so whatever was under way on
 *     it has been committed by then, or never will be. (A server may go on with a statement whose client is long gone.)
 */
import type { Client } from 'pg'
import { ask, end, type Connector, type Statement, type Values } from './connection.ts'
import { isAnswer } from './errors.ts'
import type { StoreClock } from './store-clock.ts'

interface Session {
  readonly client: Client
  readonly pid: number
  readonly since: string
  /** Statements that it has prepared. */
  readonly prepared: Set<string>
}

export class Line {
  readonly #connector: Connector
  readonly #clock: StoreClock
  #session: Session | undefined
  /** Sessions that were lost and may still be at work. */
  readonly #lost: Pick<Session, 'pid' | 'since'>[] = []
  readonly #names = new Map<string, string>()
  readonly #closed = Promise.withResolvers<never>()

  constructor(connector: Connector, clock: StoreClock) {
    this.#connector = connector
    this.#clock = clock
    this.#closed.promise.catch(() => {}) // nobody may be connecting
  }

  /** What a statement over (text[], bigint) is prepared as. */
  nameOf(sql: string): string {
    const known = this.#names.get(sql)
    if (known !== undefined) return known
    const name = `row_${this.#names.size + 1}`
    this.#names.set(sql, name)
    return name
  }

  /** Asks once, with these statements prepared. After an error that is no answer, the next call opens another connection. */
  async ask(statement: Statement, prepared: readonly string[] = []): Promise<readonly Values[]> {
    const session = await this.#open()
    try {
      const missing = prepared.filter((sql) => !session.prepared.has(sql))
      if (missing.length > 0) {
        const text = missing.map((sql) => `PREPARE ${this.nameOf(sql)}(text[], bigint) AS ${sql}`).join(';')
        await session.client.query(text)
        for (const sql of missing) session.prepared.add(sql)
      }
      return await ask(session.client, statement)
    } catch (error) {
      if (!isAnswer(error)) this.#lose(session)
      throw error
    }
  }

  /** Resolves when there is a connection: what fails before that was never sent. */
  async connected(): Promise<void> {
    await this.#open()
  }

  async close(): Promise<void> {
    this.#closed.reject(new Error('The connection was closed.'))
    const session = this.#session
    this.#session = undefined
    if (session) await end(session.client)
  }

  async #open(): Promise<Session> {
    if (this.#session) return this.#session
    const connecting = this.#connector.connect()
    const client = await Promise.race([connecting, this.#closed.promise]).catch((error: unknown) => {
      connecting.then(end, () => {}) // one that comes late is not wanted any more
      throw error
    })
    try {
      for (const { pid, since } of [...this.#lost]) {
        await endSession(client, pid, since)
        this.#lost.shift()
      }
      const sentAt = performance.now()
      const [row] = await ask(client, {
        text: `SELECT pid, backend_start::text, extract(epoch FROM clock_timestamp()) * 1000 FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
      })
      this.#clock.learn(sentAt, Number(row?.[2]), true)
      const session = { client, pid: Number(row?.[0]), since: String(row?.[1]), prepared: new Set<string>() }
      this.#session = session
      client.once('end', () => this.#lose(session))
      return session
    } catch (error) {
      void end(client)
      throw error
    }
  }

  #lose(session: Session): void {
    if (this.#session !== session) return
    this.#session = undefined
    this.#lost.push({ pid: session.pid, since: session.since })
    void end(session.client)
  }
}

const ENDING_TIMEOUT_MS = 5000

async function endSession(client: Client, pid: number, since: string): Promise<void> {
  for (;;) {
    const [row] = await ask(client, {
      text: `SELECT pg_terminate_backend(pid, ${ENDING_TIMEOUT_MS}) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2::timestamptz`,
      values: [pid, since],
    })
    if (!row) return
  }
}
