/**
 * Leaving alone what does not answer: a circuit per model and tool, shared by all runs of a store.
 *
 * B1. The circuit is in the store. A process looks at it once a second at most, and goes by what it saw between: a healthy one costs nothing
 *     but that look.
 * B2. That it opened, closes, or lets a call through to see, is recorded at once, by compare-and-set: whoever was too slow looks again, so
 *     one call is made to see, of however many that wait. Failures in a row are counted at once here, and in the store once a second.
 * B3. What cannot be recorded of a circuit stays counted here and is recorded with what comes next: no call fails for it.
 */
import { anew, eventOf, GuardFailed, StreamMoved, type Log } from '../../log/index.ts'
import type { Failure, FailureMode } from '../modes.ts'
import { after, CLOSED, FAILURES, leftMs, lets, type Circuit } from './circuit.ts'
import { breakerChanged, breakerStream, type BreakerChanged } from './events.ts'

export interface Breaker {
  /** Before a call: the failure it would be, if it must not be made. */
  before(): Promise<Failure | undefined>
  /** After it: how it failed, or undefined. */
  after(failure: Failure | undefined): Promise<void>
}

const LOOK_EVERY_MS = 1000
/** So long nobody else makes a call to see, if the process that did never says how it went. */
const TRIAL_MS = 120_000

/** What says that nobody is there; any other failure is an answer. */
const COUNTED: ReadonlySet<FailureMode> = new Set(['provider_outage', 'tool_failure', 'saturation'])

interface Seen extends Omit<BreakerChanged, 'breaker'> {
  readonly seq: number
}

/** What happened since the store was told: whether one went well, and how many failed in a row after it. */
interface Untold {
  hasPassed: boolean
  failures: number
}

const known = new WeakMap<Log, Map<string, StoredBreaker>>()

/** The breaker of `model/<id>` or `tool/<name>`: one in a process for each store. `now` is the clock of the store. */
export function breakerOf(log: Log, name: string, now: () => number): Breaker {
  const breakers = known.get(log) ?? new Map<string, StoredBreaker>()
  known.set(log, breakers)
  const breaker = breakers.get(name) ?? new StoredBreaker(log, name, now)
  breakers.set(name, breaker)
  return breaker
}

class StoredBreaker implements Breaker {
  readonly #log: Log
  readonly #name: string
  readonly #now: () => number
  #seen: Seen = { circuit: CLOSED, seq: 0 }
  #seenAt = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY
  #untold: Untold = { hasPassed: false, failures: 0 }
  #last: BreakerChanged['last']
  /** One at a time: each goes by what the one before left. */
  #line: Promise<unknown> = Promise.resolve()

  constructor(log: Log, name: string, now: () => number) {
    this.#log = log
    this.#name = name
    this.#now = now
  }

  before(): Promise<Failure | undefined> {
    if (!this.#seen.circuit.open && this.#isFresh) return Promise.resolve(undefined)
    return this.#inLine(async () => {
      await this.#look()
      const now = this.#now()
      const { circuit, trialUntil = 0 } = this.#seen
      if (!circuit.open) return undefined
      const isTried = trialUntil > now
      if (isTried || !(await lets(circuit, now)))
        return this.#refusal(isTried ? trialUntil - now : leftMs(circuit, now))
      try {
        await this.#tell({ circuit, trialUntil: now + TRIAL_MS })
        return undefined
      } catch (error) {
        if (!isTooSlow(error)) throw error
        await this.#look(true) // somebody else makes the call
        return this.#seen.circuit.open ? this.#refusal(LOOK_EVERY_MS) : undefined
      }
    })
  }

  after(failure: Failure | undefined): Promise<void> {
    const hasFailed = failure !== undefined && COUNTED.has(failure.mode)
    const { circuit } = this.#seen
    if (!hasFailed && !circuit.open && circuit.failures === 0 && this.#untold.failures === 0)
      return Promise.resolve()
    return this.#inLine(async () => {
      if (hasFailed) {
        const { mode, evidence } = failure
        const { name, status, code } = evidence
        this.#last = {
          mode,
          name,
          ...(status === undefined ? {} : { status }),
          ...(code === undefined ? {} : { code }),
        }
        this.#untold.failures++
      } else this.#untold = { hasPassed: true, failures: 0 }
      const { circuit: before } = this.#seen
      const hasTurned = (await this.#with(before)).open !== before.open
      if (!hasTurned && this.#now() - this.#toldAt < LOOK_EVERY_MS) return
      await this.#tellAll().catch(() => {}) // B3: it stays untold; what is wrong with the store, the run's own commit says
    })
  }

  /** A circuit with what is untold. */
  async #with(circuit: Circuit): Promise<Circuit> {
    const now = this.#now()
    let next = this.#untold.hasPassed ? await after(circuit, false, now) : circuit
    const { open } = next
    for (let n = 0; n < Math.min(this.#untold.failures, FAILURES); n++) {
      next = await after(next, true, now)
      if (next.open !== open) break // further ones are of calls from before it opened
    }
    return next
  }

  async #tellAll(): Promise<void> {
    await anew(async () => {
      const { circuit: before } = this.#seen
      const circuit = await this.#with(before)
      if (circuit.open === before.open && circuit.failures === before.failures) return
      try {
        await this.#tell({ circuit })
      } catch (error) {
        if (isTooSlow(error)) await this.#look(true)
        throw error
      }
    })
    this.#untold = { hasPassed: false, failures: 0 }
  }

  /** Records what it is from now on. @throws {StreamMoved} somebody else was quicker */
  async #tell(changed: Omit<BreakerChanged, 'breaker'>): Promise<void> {
    const { seq } = this.#seen
    const last = this.#last ?? this.#seen.last
    const body = {
      breaker: this.#name,
      ...changed,
      ...(last && changed.circuit.failures > 0 ? { last } : {}),
    }
    const events = [eventOf(breakerChanged, body)]
    await this.#log.commit({
      appends: [{ stream: breakerStream(this.#name), expected: { seq }, events }],
    })
    this.#seen = { ...body, seq: seq + 1 }
    this.#seenAt = this.#toldAt = this.#now()
  }

  get #isFresh(): boolean {
    return Math.abs(this.#now() - this.#seenAt) < LOOK_EVERY_MS
  }

  async #look(isMoved = false): Promise<void> {
    if (!isMoved && this.#isFresh) return
    const [row] = await this.#log.select('breakers', { where: { breaker: this.#name } })
    this.#seenAt = this.#now()
    if (row === undefined) return
    // Only the projection writes there.
    this.#seen = { ...(JSON.parse(String(row['saved'])) as BreakerChanged), seq: Number(row['seq']) }
  }

  #refusal(retryAfterMs: number): Failure {
    const { last, circuit } = this.#seen
    const seen = last ? `, last with ${[last.name, last.status, last.code].filter(Boolean).join(' ')}` : ''
    return {
      mode: this.#name.startsWith('tool/') ? 'tool_failure' : 'provider_outage',
      isTransient: true,
      retryAfterMs,
      evidence: {
        name: 'CircuitOpen',
        code: 'circuit_open',
        message: `${this.#name} failed ${Math.max(circuit.failures, FAILURES)} times in a row${seen}. It is left alone for ${Math.ceil(retryAfterMs / 1000)} s.`,
      },
    }
  }

  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#line.then(work, work)
    this.#line = done.catch(() => {}) // whoever asked is told
    return done
  }
}

const isTooSlow = (error: unknown): boolean => error instanceof StreamMoved || error instanceof GuardFailed
