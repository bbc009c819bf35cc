/** What dispatching asks of the store's database; the store gives it (store/postgres/database.ts). */

export type Values = readonly unknown[]

/** One connection. */
export interface Session {
  readonly isEnded: boolean
  ask(text: string, values?: readonly unknown[]): Promise<readonly Values[]>
  end(): Promise<void>
  /** Without a word to the server, which may be out of reach. */
  breakOff(): void
}

export interface Database {
  /** Of the store, quoted for SQL. */
  readonly schema: string
  readonly shown: string
  /** What commits are told on. */
  readonly channel: string
  /** Time is moved by hand, for tests. */
  readonly isByHand: boolean
  connect(): Promise<Session>
  learn(sentAt: number, said: number, isForced?: boolean): void
  isPassing(error: unknown): boolean
  errorOf(error: unknown): unknown
}
