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
import type { Ticks } from '../ticks.ts'
import type { Line } from './wire.ts'

interface Heard {
  calls: number
  isAsked: boolean
  /** When that was asked which was answered last. */
  heardAt: number
}

const ASK_EVERY_MS = 400
const SURE_FOR_MS = 1500
const DEAD_AFTER_MS = 10_000

export class Hearing {
  readonly #ticks: Ticks
  readonly #lines = new Map<Line, Heard>()
  #stopAsking: (() => void) | undefined
  #sure: (() => void)[] = []

  constructor(ticks: Ticks) {
    this.#ticks = ticks
  }

  add(line: Line): void {
    this.#lines.set(line, { calls: 0, isAsked: false, heardAt: this.#ticks.now() })
    line.once('close', () => {
      this.#lines.delete(line)
      if (this.#lines.size === 0) this.close()
      this.#settle()
    })
    if (!this.#stopAsking) this.#askSoon()
  }

  /** A call has come by this connection; gives what says that it is over. */
  call(line: Line | undefined): () => void {
    const heard = line && this.#lines.get(line)
    if (!heard) return () => {}
    heard.calls++
    return () => {
      heard.calls--
      this.#settle()
    }
  }

  /** Undefined: whoever sent the calls that are under way is heard. Else when that is so again, or those calls are over. */
  held(): Promise<void> | undefined {
    return this.#isSure ? undefined : new Promise((resolve) => this.#sure.push(resolve))
  }

  close(): void {
    this.#stopAsking?.()
    this.#stopAsking = undefined
  }

  get #isSure(): boolean {
    const since = this.#ticks.now() - SURE_FOR_MS
    for (const { calls, heardAt } of this.#lines.values()) if (calls > 0 && heardAt < since) return false
    return true
  }

  #askSoon(): void {
    this.#stopAsking = this.#ticks.after(ASK_EVERY_MS, () => {
      this.#askSoon()
      this.#ask()
    })
  }

  #ask(): void {
    for (const [line, heard] of this.#lines) {
      const askedAt = this.#ticks.now()
      if (askedAt - heard.heardAt > DEAD_AFTER_MS && heard.isAsked) line.destroy()
      if (heard.isAsked || line.destroyed) continue
      heard.isAsked = line.ping((error) => {
        heard.isAsked = false
        if (error) return
        heard.heardAt = askedAt
        this.#settle()
      })
    }
  }

  #settle(): void {
    if (this.#sure.length > 0 && this.#isSure) for (const resolve of this.#sure.splice(0)) resolve()
  }
}
