/**
 * The one connection that writes.
 *
 * N1. It is opened when it is first needed, and again after it was lost.
 * N2. Before a new one is used after a loss, the old one's session is ended, at the server, and gone: so whatever was under way on
 *     it has been committed by then, or never will be. (A server may go on with a statement whose client is long gone.)
 * N3. A network that has died says nothing: without an answer the connection is given up within 10 s. So the server is told to give up a
 *     statement a little sooner, cleanly. One that it gave up (a slow server, somebody who holds the row of `tip`) is given more time.
 */
import type { Client } from 'pg'
import { ask, end, STATEMENT_TIMEOUT_MS, type Connector, type Statement, type Values } from './connection.ts'
import { codeOf, isAnswer } from './errors.ts'
import type { StoreClock } from './store-clock.ts'

interface Session {
  readonly client: Client
  readonly pid: number
  readonly since: string
  /** Statements that it has prepared. */
  readonly prepared: Set<string>
  /** How long the server gives each of its statements. */
  limitMs: number
}

const LIMIT_MS = 7000
/** For the answer to come after that. */
const ON_ITS_WAY_MS = 2000
const GIVEN_UP = '57014'

export class Line {
  readonly #connector: Connector
  readonly #clock: StoreClock
  #session: Session | undefined
  /** Sessions that were lost and may still be at work. */
  readonly #lost: Pick<Session, 'pid' | 'since'>[] = []
  readonly #names = new Map<string, string>()
  #limitMs = LIMIT_MS
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
    const sentAt = performance.now()
    try {
      await this.#ready(session, prepared)
      const answer = await ask(session.client, { ...statement, withinMs: this.#limitMs + ON_ITS_WAY_MS })
      if (performance.now() - sentAt < LIMIT_MS / 2) this.#limitMs = LIMIT_MS
      return answer
    } catch (error) {
      if (codeOf(error) === GIVEN_UP) this.#limitMs = Math.min(STATEMENT_TIMEOUT_MS, 2 * this.#limitMs)
      if (!isAnswer(error)) this.#lose(session)
      throw error
    }
  }

  /** The session knows these statements, and how long each may take. */
  async #ready(session: Session, prepared: readonly string[]): Promise<void> {
    const missing = prepared.filter((sql) => !session.prepared.has(sql))
    const texts = missing.map((sql) => `PREPARE ${this.nameOf(sql)}(text[], bigint) AS ${sql}`)
    if (session.limitMs !== this.#limitMs) texts.push(`SET statement_timeout = ${this.#limitMs}`)
    if (texts.length === 0) return
    await ask(session.client, { text: texts.join(';'), withinMs: this.#limitMs + ON_ITS_WAY_MS })
    for (const sql of missing) session.prepared.add(sql)
    session.limitMs = this.#limitMs
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
    const limitMs = this.#limitMs
    const connecting = this.#connector.connect({ statement_timeout: limitMs })
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
      const [pid, since] = [Number(row?.[0]), String(row?.[1])]
      const session = { client, pid, since, prepared: new Set<string>(), limitMs }
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
