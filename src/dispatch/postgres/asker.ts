/**
 * One connection for questions that are answered at once, or not at all.
 *
 * A1. Who asks hears within `patienceMs`. Over a cut network nothing is heard for hours: the connection is broken off, and the next
 *     question opens another.
 * A2. What is written over it need not survive the server (synchronous_commit is off): it is said again (membership.ts).
 */
import { ThroughlineError } from '../../errors.ts'
import type { Database, Session, Values } from './database.ts'

export class Asker {
  readonly #database: Database
  readonly #patienceMs: number
  #session: Promise<Session> | undefined
  #isOpen = false
  #isClosed = false

  constructor(database: Database, patienceMs: number) {
    this.#database = database
    this.#patienceMs = patienceMs
  }

  async ask(text: string, values?: readonly unknown[]): Promise<readonly Values[]> {
    const opening = this.#open()
    let session: Session | undefined
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unanswered(this.#database.shown, this.#patienceMs)), this.#patienceMs)
    })
    const asking = opening.then((opened) => {
      session = opened
      return opened.ask(text, values)
    })
    try {
      return await Promise.race([asking, tooLate])
    } catch (error) {
      asking.catch(() => {})
      if (error instanceof ThroughlineError || !session || session.isEnded || this.#database.isPassing(error))
        this.#drop(opening)
      throw this.#database.errorOf(error)
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const opening = this.#session
    this.#session = undefined
    const ended = opening?.then(
      (session) => session.end(),
      () => {},
    )
    // One that is still being opened, over a network that says nothing, ends by itself.
    if (this.#isOpen) await ended
  }

  #open(): Promise<Session> {
    if (this.#isClosed)
      throw new ThroughlineError('closed', { message: `${this.#database.shown} was closed.` })
    return (this.#session ??= this.#connect())
  }

  async #connect(): Promise<Session> {
    const session = await this.#database.connect()
    await session.ask('SET synchronous_commit = off')
    this.#isOpen = true
    return session
  }

  #drop(opening: Promise<Session>): void {
    if (this.#session === opening) {
      this.#session = undefined
      this.#isOpen = false
    }
    opening.then(
      (session) => session.breakOff(),
      () => {},
    )
  }
}

function unanswered(shown: string, afterMs: number): ThroughlineError {
  return new ThroughlineError('store_unavailable', {
    message: `${shown} did not answer within ${afterMs} ms.`,
    retryable: true,
    data: { store: shown },
  })
}
