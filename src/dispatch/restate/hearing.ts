/**
 * Whether Restate is heard, as it finds out whether a worker is: each connection is asked again and again, and has to answer.
 *
 *     heard ─▶ silent for a while: not sure, no effect begins ─▶ heard again: sure
 *                                     └─▶ silent for long: the connection is dead, its calls are lost
 *
 * E1. Restate gives a worker up, and calls another, no sooner than two seconds after it last heard of it (its keep-alive time-out).
 *     By then a worker that cannot be heard has stopped beginning effects: what would be in doubt is not begun.
 * E2. A process that stood still is not sure when it goes on: how long ago it heard is told by the monotonic clock.
 * E3. No ownership rests on this. The epoch decides (docs/decisions/0020).
 */
import type { ServerHttp2Session } from 'node:http2'

interface Line {
  calls: number
  isAsked: boolean
  /** When that was asked which was answered last. */
  heardAt: number
}

const ASK_EVERY_MS = 400
const SURE_FOR_MS = 1500
const DEAD_AFTER_MS = 10_000

export class Hearing {
  readonly #lines = new Map<ServerHttp2Session, Line>()
  #asking: NodeJS.Timeout | undefined
  #sure: (() => void)[] = []

  add(session: ServerHttp2Session): void {
    this.#lines.set(session, { calls: 0, isAsked: false, heardAt: performance.now() })
    session.once('close', () => {
      this.#lines.delete(session)
      this.#settle()
    })
    this.#asking ??= setInterval(() => this.#ask(), ASK_EVERY_MS).unref()
  }

  /** A call has come by this connection; gives what says that it is over. */
  call(session: ServerHttp2Session | undefined): () => void {
    const line = session && this.#lines.get(session)
    if (!line) return () => {}
    line.calls++
    return () => {
      line.calls--
      this.#settle()
    }
  }

  /** Undefined: whoever sent the calls that are under way is heard. Else when that is so again, or those calls are over. */
  held(): Promise<void> | undefined {
    return this.#isSure ? undefined : new Promise((resolve) => this.#sure.push(resolve))
  }

  close(): void {
    clearInterval(this.#asking)
  }

  get #isSure(): boolean {
    const since = performance.now() - SURE_FOR_MS
    for (const { calls, heardAt } of this.#lines.values()) if (calls > 0 && heardAt < since) return false
    return true
  }

  #ask(): void {
    for (const [session, line] of this.#lines) {
      if (performance.now() - line.heardAt > DEAD_AFTER_MS && line.isAsked) session.destroy()
      if (line.isAsked || session.destroyed) continue
      const askedAt = performance.now()
      line.isAsked = session.ping((error) => {
        line.isAsked = false
        if (error) return
        line.heardAt = askedAt
        this.#settle()
      })
    }
  }

  #settle(): void {
    if (this.#sure.length > 0 && this.#isSure) for (const resolve of this.#sure.splice(0)) resolve()
  }
}
