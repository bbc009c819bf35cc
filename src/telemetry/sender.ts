/**
 * Follows the record, and sends what it brings to be told.
 *
 * N1. How far it was sent is on the record, in the store it speaks of: a process that starts again, or another worker, goes on from there.
 * N2. What was taken is noted after it was taken. A process that is killed between the two leaves a batch to be sent again, under the same
 *     ids; nothing is left out.
 * N3. Of several processes one sends: whoever noted last. Another takes over when that one is late, and notes that before it sends.
 * N4. What is refused for its content is halved until the span that is wrong is alone; that one is left out, and it is said.
 * N5. Nothing of this is waited for by a run, and no failure of it reaches one.
 */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  eventOf,
  bodyOf,
  StreamMoved,
  type Clock,
  type Log,
  type Position,
  type StoredEvent,
} from '../log/index.ts'
import type { Batch, Destination } from './destination.ts'
import { telemetrySent, telemetryStream, TELEMETRY, type SentBody } from './events.ts'
import type { Telling } from './span.ts'
import { Traces } from './traces.ts'

export interface SenderOptions {
  readonly log: Log
  readonly clock: Clock
  readonly destination: Destination
  /** Of the place it sends to: each has its own position. */
  readonly name: string
  /** Who this is, among the processes that share the store. */
  readonly by: string
  readonly hasContent: boolean
  /** How long what is to be sent is gathered. */
  readonly everyMs: number
  /** How long whoever sends may be silent while there is something to be sent; then this one takes over. */
  readonly lateMs: number
  /** Where to begin in a store that has not been sent from yet: at its beginning, or with what comes from now on. */
  readonly from: 'beginning' | 'now'
  readonly warn: (message: string) => void
}

interface Pending {
  readonly position: Position
  readonly hash: string
  readonly at: number
  readonly telling: Telling
}

const MOST_SPANS = 512
/** Of what waits to be sent; then reading waits as well. */
const MOST_PENDING = 4096
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

export class Sender {
  readonly #options: SenderOptions
  readonly #traces: Traces
  readonly #stop = new AbortController()
  /** It is about to stop: nothing is waited for any more. */
  readonly #hurry = new AbortController()
  readonly #running: Promise<void>
  readonly #begun = Promise.withResolvers<void>()
  #pending: Pending[] = []
  #seen: Position = 0
  #waiting: { readonly upTo: Position; readonly reached: () => void }[] = []
  #flushing: Promise<void> = Promise.resolve()
  #disarm: (() => void) | undefined
  /** Of the stream of positions. */
  #seq = 0
  #sent: SentBody | undefined
  #sentAt = 0
  /** What was taken, and is not noted yet. */
  #taken: SentBody | undefined
  #warned = ''

  constructor(options: SenderOptions) {
    this.#options = options
    this.#traces = new Traces(options.log, options.hasContent)
    this.#running = this.#run().catch((error: unknown) =>
      this.#tell(`Telemetry has stopped: ${reasonOf(error)}`),
    )
  }

  /** Resolves once it is known from where on it sends. */
  get started(): Promise<void> {
    return this.#begun.promise
  }

  /** Sends what is on the record by now; gives up after so long, and goes on later. */
  async flush(withinMs: number): Promise<void> {
    const tip = await this.#options.log.position().catch(() => 0)
    await this.#within(withinMs, async () => {
      await this.#reached(tip)
      await this.#flush()
    })
  }

  /** Sends what is on the record by now, and stops. What could not be sent is sent by whoever comes next. */
  async close(withinMs: number): Promise<void> {
    this.#hurry.abort()
    await this.flush(withinMs)
    this.#stop.abort()
    this.#disarm?.()
    await this.#within(withinMs, async () => {
      await this.#flushing
      if (this.#sent?.by === this.#options.by)
        await this.#note({ position: this.#sent.position, hash: this.#sent.hash })
      await this.#options.destination.close()
    })
    await this.#running
  }

  async #run(): Promise<void> {
    const { log, everyMs } = this.#options
    await this.#retried(() => this.#begin())
    this.#begun.resolve()
    if (!this.#sent) return
    this.#seen = this.#sent.position
    for await (const event of log.follow(this.#sent.position, this.#stop.signal)) {
      if (!event.stream.startsWith(TELEMETRY)) await this.#take(event)
      this.#seen = event.position
      for (const { upTo, reached } of this.#waiting) if (upTo <= event.position) reached()
      this.#waiting = this.#waiting.filter(({ upTo }) => upTo > event.position)
      while (this.#pending.length > MOST_PENDING && !this.#stop.signal.aborted) {
        await this.#flush()
        if (this.#pending.length > MOST_PENDING) await this.#pause(everyMs)
      }
    }
    for (const { reached } of this.#waiting) reached()
  }

  async #take(event: StoredEvent): Promise<void> {
    const telling = await this.#retried(() => this.#traces.of(event))
    if (!telling || telling.spans.length + telling.measurements.length === 0) return
    const { position, hash, at } = event
    this.#pending.push({ position, hash: Buffer.from(hash).toString('base64url'), at, telling })
    this.#arm()
  }

  #arm(): void {
    const { clock, everyMs } = this.#options
    this.#disarm ??= clock.at(clock.now() + everyMs, () => {
      this.#disarm = undefined
      void this.#flush()
    })
  }

  /** One at a time. */
  #flush(): Promise<void> {
    this.#flushing = this.#flushing
      .then(() => this.#flushAll())
      .catch((error: unknown) => this.#tell(`Telemetry could not be sent: ${reasonOf(error)}`))
      .then(() => {
        if (this.#pending.length > 0 && !this.#stop.signal.aborted) this.#arm()
      })
    return this.#flushing
  }

  async #flushAll(): Promise<void> {
    for (;;) {
      await this.#look()
      // Noted before anything else is sent, also where that failed the last time.
      if (
        this.#taken &&
        this.#taken.position > (this.#sent?.position ?? 0) &&
        !(await this.#note(this.#taken))
      )
        continue
      this.#taken = undefined
      const sent = this.#sent?.position ?? 0
      this.#pending = this.#pending.filter(({ position }) => position > sent)
      const [first] = this.#pending
      if (!first || !this.#maySend(first)) return
      if (!(await this.#lead())) continue
      const some = this.#some()
      const { position, hash } = some.at(-1) ?? first
      if (!(await this.#deliver(batchOf(some)))) return
      this.#taken = { position, hash, by: this.#options.by }
    }
  }

  /** N3. A process of this machine that is gone is not waited for. */
  #maySend({ at }: Pending): boolean {
    const { by, clock, lateMs } = this.#options
    const other = this.#sent?.by
    if (other === undefined || other === by || isGone(other)) return true
    return clock.now() - Math.max(at, this.#sentAt) > lateMs
  }

  /** Says that it sends from here on; false if somebody else was quicker. */
  async #lead(): Promise<boolean> {
    const { by } = this.#options
    if (this.#sent?.by === by) return true
    return this.#note({ ...(this.#sent ?? { position: 0, hash: '' }), by })
  }

  #some(): readonly Pending[] {
    let spans = 0
    const end = this.#pending.findIndex(({ telling }) => (spans += telling.spans.length) >= MOST_SPANS)
    return this.#pending.slice(0, end < 0 ? undefined : end + 1) // a copy: more comes while these are sent
  }

  /** True once it is there, or never will be. */
  async #deliver(batch: Batch): Promise<boolean> {
    const { destination } = this.#options
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      const fate = await destination.send(batch)
      if (fate.is === 'taken') {
        if (fate.but === undefined) this.#warned = ''
        else this.#tell(`Some telemetry is late: ${fate.but}.`)
        return true
      }
      if (fate.is === 'refused') return this.#halve(batch, fate.because)
      this.#tell(`Telemetry waits: ${fate.because}. It is sent when that is over; runs go on.`)
      if (this.#hurry.signal.aborted) return false // this was its last try
      await this.#pause(Math.max(pauseMs, fate.afterMs ?? 0))
      await this.#look()
      if (this.#sent?.by !== this.#options.by) return false // somebody else took over meanwhile
    }
  }

  /** N4. */
  async #halve({ spans, measurements }: Batch, because: string): Promise<boolean> {
    if (spans.length <= 1) {
      const [span] = spans
      this.#tell(
        `Telemetry leaves out ${span ? `the span "${span.name}" of trace ${span.traceId}` : 'a measurement'}: ${because}.`,
      )
      return measurements.length === 0 || spans.length === 0 || this.#deliver({ spans: [], measurements })
    }
    const middle = spans.length >> 1
    const isFirstThere = await this.#deliver({ spans: spans.slice(0, middle), measurements: [] })
    return isFirstThere && this.#deliver({ spans: spans.slice(middle), measurements })
  }

  /** Where it was left off; a store nobody has sent from is begun in. */
  async #begin(): Promise<void> {
    const { log, from } = this.#options
    await this.#look()
    if (this.#sent && (await this.#isOurs(this.#sent))) return
    const tip = from === 'now' ? await log.position() : 0
    const [event] = tip > 0 ? await log.eventsAt([tip]) : []
    const hash = event ? Buffer.from(event.hash).toString('base64url') : ''
    if (!(await this.#note({ position: tip, hash }))) await this.#begin() // somebody else was quicker
  }

  /** Of this store, and not of one whose record was taken in here. */
  async #isOurs({ position, hash }: SentBody): Promise<boolean> {
    if (position === 0) return true
    const [event] = await this.#options.log.eventsAt([position])
    // What was pruned since cannot be told any more; positions never begin anew.
    return event
      ? Buffer.from(event.hash).toString('base64url') === hash
      : position <= (await this.#options.log.position())
  }

  /** What was noted since, by whomever. */
  async #look(): Promise<void> {
    const { log, name } = this.#options
    for await (const page of log.read(telemetryStream(name), this.#seq + 1))
      for (const event of page) {
        this.#seq = event.seq
        this.#sent = bodyOf(telemetrySent, event)
        this.#sentAt = event.at
      }
  }

  /** False if somebody else noted meanwhile. */
  async #note(body: SentBody): Promise<boolean> {
    const { log, name } = this.#options
    const append = {
      stream: telemetryStream(name),
      expected: { seq: this.#seq },
      events: [eventOf(telemetrySent, body)],
    }
    try {
      const { at } = await log.commit({ appends: [append] })
      this.#seq++
      this.#sent = body
      this.#sentAt = at
      return true
    } catch (error) {
      if (error instanceof StreamMoved) return false
      throw error
    }
  }

  #reached(upTo: Position): Promise<void> {
    if (this.#seen >= upTo || this.#stop.signal.aborted) return Promise.resolve()
    return new Promise((reached) => this.#waiting.push({ upTo, reached }))
  }

  /** A store that cannot be read now can be later; nothing where it is to stop. */
  async #retried<T>(ask: () => Promise<T>): Promise<T | undefined> {
    for (
      let pauseMs = FIRST_PAUSE_MS;
      !this.#stop.signal.aborted;
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    )
      try {
        return await ask()
      } catch (error) {
        if (this.#hurry.signal.aborted) return undefined
        this.#tell(`Telemetry waits for the store: ${reasonOf(error)}`)
        await this.#pause(pauseMs)
      }
    return undefined
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#hurry
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const over = () => {
        stop()
        signal.removeEventListener('abort', over)
        resolve()
      }
      const stop = clock.at(clock.now() + ms, over)
      signal.addEventListener('abort', over)
    })
  }

  async #within(ms: number, work: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    await Promise.race([
      work().catch((error: unknown) => this.#tell(`Telemetry: ${reasonOf(error)}`)),
      promise,
    ])
    clearTimeout(timer)
  }

  /** The same is said once, until something else happens. */
  #tell(message: string): void {
    if (message === this.#warned) return
    this.#warned = message
    try {
      this.#options.warn(message)
    } catch {
      // N5: a logger that throws is nobody's business here
    }
  }
}

/** Names of senders: the machine, the process, and which sender of it. */
export const senderName = (): string => `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`

function isGone(name: string): boolean {
  const [host, pid] = name.split('/')
  if (host !== hostname()) return false
  try {
    return !process.kill(Number(pid), 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

function batchOf(some: readonly Pending[]): Batch {
  return {
    spans: some.flatMap(({ telling }) => telling.spans),
    measurements: some.flatMap(({ telling }) => telling.measurements),
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
