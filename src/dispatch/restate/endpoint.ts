/**
 * Where Restate's calls arrive: one service for each task and version, its object keyed by run, one exclusive handler.
 *
 * P1. An attempt that Restate gave up lets go of its run.
 * P2. A step may take as long as it takes: Restate waits for the handler, and notices a dead or frozen worker by its connection.
 * P3. More than this worker can carry and line up is refused, so that Restate tries again, elsewhere if there is an elsewhere.
 *
 * Not here: the wire (server.ts).
 */
import type { Ticks } from '../ticks.ts'
import { Hearing } from './hearing.ts'
import { serviceName } from './service-name.ts'
import type { Note } from './standing.ts'
import type { Line } from './wire.ts'

/** One call for a run. */
export interface Call {
  readonly run: string
  /** Of the store that the wake-up was sent for. */
  readonly store: unknown
  /** There is something to do that the run's row does not show. */
  readonly isLate: boolean
  readonly idempotencyKey: string | undefined
  /** What the last carrier left. Reading it costs Restate an entry. */
  readonly note: () => Promise<Note | undefined>
  /** Aborted once Restate gave this attempt up, or has its answer. */
  readonly signal: AbortSignal
}

/** What a call came to. */
export interface Outcome {
  /** What the next call is to find: undefined leaves what is there, null nothing. */
  readonly note?: Note | null
  /** Restate is to call again at once: another worker, if this one ends. */
  readonly again?: boolean
}

/** A call as it comes by the wire, and what may be asked of Restate meanwhile. */
export interface Attempt {
  readonly run: string
  readonly wake: { readonly store?: unknown; readonly isLate?: unknown } | undefined
  readonly idempotencyKey: string | undefined
  readonly signal: AbortSignal
  /** What was left with `leave`. */
  note(): Promise<Note | null>
  leave(note: Note): void
  /** Leaves nothing. */
  clear(): void
  /** The same call once more, behind this one. */
  again(): void
}

export interface EndpointOptions {
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
  /** Calls in flight at most. */
  readonly most: number
  readonly ticks: Ticks
  readonly answer: (call: Call) => Promise<Outcome>
}

const [LEAST_BY_LINE, MOST_BY_LINE] = [4, 32]
const MINUTE_MS = 60_000
/** Restate's own would end a long step and begin it again elsewhere while it still runs. */
const UNTIL_GIVEN_UP_MS = 30 * 24 * 60 * MINUTE_MS

/** How Restate is to make its calls. */
export const MANNER = {
  journalRetention: 0,
  idempotencyRetention: MINUTE_MS,
  inactivityTimeout: UNTIL_GIVEN_UP_MS,
  abortTimeout: UNTIL_GIVEN_UP_MS,
  retryPolicy: {
    // Often within the first second: the worker is gone, and another is there.
    initialInterval: 50,
    exponentiationFactor: 1.3,
    maxInterval: 1000,
    // Then it is given up, and the sweep of whoever lives by then sends a new one: to a newer release, if this one's workers are gone.
    maxAttempts: 60,
    onMaxAttempts: 'kill',
  },
} as const

export class Endpoint {
  readonly #options: EndpointOptions
  readonly #hearing: Hearing
  #calls = 0

  constructor(options: EndpointOptions) {
    this.#options = options
    this.#hearing = new Hearing(options.ticks)
  }

  /** The services this worker offers. */
  get services(): readonly string[] {
    const { tasks } = this.#options
    const names = tasks.flatMap(({ name, versions }) => versions.map((version) => serviceName(name, version)))
    return [...new Set(names)]
  }

  /** Calls by one connection, before Restate opens another: what stands before the workers deals out connections, not calls. */
  get mostByLine(): number {
    return Math.min(MOST_BY_LINE, Math.max(LEAST_BY_LINE, this.#options.most >> 3))
  }

  /** Undefined: what was called for here is surely still this worker's. Else when that is known again. */
  held(): Promise<void> | undefined {
    return this.#hearing.held()
  }

  /** Restate has connected. */
  add(line: Line): void {
    this.#hearing.add(line)
  }

  /** A call has come by that connection; gives what says that it is over. Undefined: it is refused (P3). */
  enter(line: Line | undefined): (() => void) | undefined {
    if (this.#calls >= this.#options.most) return undefined
    this.#calls++
    const over = this.#hearing.call(line)
    return () => {
      this.#calls--
      over()
    }
  }

  /** What becomes of a call. Throws what the store says: Restate calls again after a pause. */
  async advance(attempt: Attempt): Promise<void> {
    const { run, wake, idempotencyKey, signal } = attempt
    // What was asked of Restate by an attempt it gave up is never answered.
    const lost = new Promise<undefined>((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    )
    const note = async () => (await Promise.race([attempt.note(), lost])) ?? undefined
    const isLate = wake?.isLate === true
    const call = { run, store: wake?.store, isLate, idempotencyKey, note, signal }
    const outcome = await this.#options.answer(call)
    if (outcome.again) attempt.again()
    if (outcome.note) attempt.leave(outcome.note)
    else if (outcome.note === null) attempt.clear()
  }

  close(): void {
    this.#hearing.close()
  }
}
