/** What others asked of a run and nobody has taken yet, first in first out. */
import { bodyOf, type Log } from '../log/index.ts'
import { messageSent, type MessageBody } from './events.ts'

export type Message = MessageBody & { readonly position: number; readonly at: number }

export class Mailbox {
  readonly #log: Log
  readonly #runId: string
  readonly #messages: Message[] = []
  /** Everything up to here has been looked at. */
  seen = 0

  constructor(log: Log, runId: string) {
    this.#log = log
    this.#runId = runId
  }

  /** Reads what has come since. */
  refresh(): void {
    for (const row of this.#log.select('inbox', {
      where: { run: this.#runId, taken: null, position: { gt: this.seen } },
      order: ['position'],
      columns: ['position'],
    })) {
      const position = Number(row['position'])
      const event = this.#log.eventAt(position)
      if (event) this.#messages.push({ ...bodyOf(messageSent, event), position, at: event.at })
      this.seen = position
    }
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  /** In the order they came. */
  get messages(): readonly Message[] {
    return this.#messages
  }

  take(message: Message): void {
    const at = this.#messages.indexOf(message)
    if (at >= 0) this.#messages.splice(at, 1)
  }

  /** Reads everything anew: a message came back. */
  reread(): void {
    this.#messages.length = 0
    this.seen = 0
    this.refresh()
  }

  /** What nobody will take any more: kept on the record of the run's end. */
  untaken(): string[] {
    return this.#messages.filter((message) => message.kind === 'signal').map((message) => message.id)
  }
}
