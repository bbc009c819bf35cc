/**
 * What others asked of a run and nobody has taken yet, first in first out.
 *
 * M1. One reading is under way at a time; whoever asks meanwhile is served by the next, which begins after they asked.
 * M2. A message that was taken here does not come again unless it was given back: a reading may have begun before the record of it.
 */
import { bodyOf, type Log } from '../log/index.ts'
import { messageSent, type MessageBody } from './events.ts'

export type Message = MessageBody & { readonly position: number; readonly at: number }

/** How the store is asked: once, or patiently. */
export type Ask = <T>(read: () => Promise<T>) => Promise<T>

const once: Ask = (read) => read()

export class Mailbox {
  readonly #log: Log
  readonly #runId: string
  readonly #taken = new Set<string>()
  #messages: readonly Message[] = []
  #isWanted = false
  #isWantedAnew = false
  #reading: Promise<void> | undefined
  /** Everything up to here has been looked at. */
  seen = 0

  constructor(log: Log, runId: string) {
    this.#log = log
    this.#runId = runId
  }

  /** Reads what has come since. */
  refresh(ask = once): Promise<void> {
    this.#isWanted = true
    return (this.#reading ??= this.#readAll(ask).finally(() => (this.#reading = undefined)))
  }

  /** What has come is not known yet. */
  get isReading(): boolean {
    return this.#reading !== undefined
  }

  async #readAll(ask: Ask): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false
      await ask(() => this.#read())
    }
  }

  async #read(): Promise<void> {
    const isAnew = this.#isWantedAnew
    this.#isWantedAnew = false
    try {
      const after = isAnew ? 0 : this.seen
      const rows = await this.#log.select('inbox', {
        where: { run: this.#runId, taken: null, position: { gt: after } },
        order: ['position'],
        columns: ['id', 'position'],
      })
      const positions = rows
        .filter(({ id }) => !this.#taken.has(String(id)))
        .map((row) => Number(row['position']))
      const events = positions.length === 0 ? [] : await this.#log.eventsAt(positions)
      const come = events.map((event) => ({
        ...bodyOf(messageSent, event),
        position: event.position,
        at: event.at,
      }))
      // Some may have been taken while they were read.
      this.#messages = [...(isAnew ? [] : this.#messages), ...come].filter(({ id }) => !this.#taken.has(id))
      this.seen = Math.max(this.seen, Number(rows.at(-1)?.['position'] ?? 0))
    } catch (error) {
      this.#isWantedAnew ||= isAnew
      throw error
    }
  }

  /** In the order they came. */
  get messages(): readonly Message[] {
    return this.#messages
  }

  take(message: Message): void {
    this.#taken.add(message.id)
    this.#messages = this.#messages.filter((one) => one !== message)
  }

  /** A message came back: everything is read anew. */
  returned(id: string, ask?: Ask): Promise<void> {
    this.#taken.delete(id)
    this.#isWantedAnew = true
    return this.refresh(ask)
  }

  /** What nobody will take any more: kept on the record of the run's end. */
  untaken(): string[] {
    return this.#messages.filter((message) => message.kind === 'signal').map((message) => message.id)
  }
}
