/**
 * Hearing of commits of other processes.
 *
 * H1. NOTIFY tells at once. It is sent in the commit itself, once a batch, and says who wrote. Of steps alone it tells ten times a
 *     second; the last of them is found by looking.
 * H2. Underneath, the position is looked at every now and then: what a notification did not tell, because the connection was down
 *     or something in between swallows notifications, is heard of within that time.
 * H3. There is a connection, and a look, only while somebody listens.
 */
import type { Client } from 'pg'
import { end, type Connector } from './connection.ts'
import { pauseMs } from './pause.ts'
import { quote } from './text.ts'

export interface ListenerOptions {
  readonly connector: Connector
  readonly channel: string
  /** Of our own writer. */
  readonly name: string
  readonly position: () => Promise<number>
  readonly heard: (isOurs: boolean) => void
  readonly lookEveryMs?: number
}

const LOOK_EVERY_MS = 1000

export class Listener {
  readonly #options: ListenerOptions
  #client: Client | undefined
  #look: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #isOn = false
  #isLooking = false
  #attempts = 0
  /** The newest position that listeners have been told of. */
  #seen: number | undefined

  constructor(options: ListenerOptions) {
    this.#options = options
  }

  on(): void {
    if (this.#isOn) return
    this.#isOn = true
    void this.#connect()
    void this.#lookNow(true)
    this.#look = setInterval(() => void this.#lookNow(), this.#options.lookEveryMs ?? LOOK_EVERY_MS)
  }

  off(): void {
    this.#isOn = false
    clearInterval(this.#look)
    clearTimeout(this.#again)
    const client = this.#client
    this.#client = undefined
    if (client) void end(client)
  }

  /** Our own commits are told by whoever writes; the look must not tell them again. */
  ours(position: number): void {
    if (this.#seen !== undefined) this.#seen = Math.max(this.#seen, position)
  }

  async #connect(): Promise<void> {
    const { connector, channel } = this.#options
    try {
      const client = await connector.connect()
      if (!this.#isOn) return void end(client)
      this.#client = client
      client.on('notification', ({ payload }) => {
        if (payload !== this.#options.name) this.#options.heard(false)
      })
      client.once('end', () => this.#lost(client))
      await client.query(`LISTEN ${quote(channel)}`)
      this.#attempts = 0
      void this.#lookNow() // what came before this was not told
    } catch {
      this.#lost(this.#client)
    }
  }

  #lost(client: Client | undefined): void {
    if (client !== this.#client || !this.#isOn) return
    this.#client = undefined
    if (client) void end(client)
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.#connect(), pauseMs(++this.#attempts))
  }

  async #lookNow(isFirst = false): Promise<void> {
    if (this.#isLooking || !this.#isOn) return
    this.#isLooking = true
    try {
      const position = await this.#options.position()
      const isNews = this.#seen !== undefined && position > this.#seen
      this.#seen = position
      if (isNews && !isFirst && this.#isOn) this.#options.heard(false)
    } catch {
      // The next look may be answered.
    } finally {
      this.#isLooking = false
    }
  }
}
