/**
 * Where Restate's calls arrive: one service for each task and version, its object keyed by run, one exclusive handler.
 *
 * P1. An attempt that Restate gave up lets go of its run.
 * P2. A step may take as long as it takes: Restate waits for the handler, and notices a dead or frozen worker by its connection.
 * P3. More than this worker can carry and line up is refused, so that Restate tries again, elsewhere if there is an elsewhere.
 * P4. Told to stop, it takes no new call and finishes those it has.
 */
import { createServer, type Http2Server, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ObjectContext } from '@restatedev/restate-sdk'
import { BadDispatch } from './errors.ts'
import { Hearing } from './hearing.ts'
import type { Sdk } from './sdk.ts'
import { serviceName } from './service-name.ts'
import type { Note } from './standing.ts'

/** One call for a run. */
export interface Call {
  readonly run: string
  /** Of the store that the wake-up was sent for. */
  readonly store: unknown
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

interface Callable {
  advance(ctx: ObjectContext, wake: { readonly store?: unknown } | undefined): Promise<void>
}

export interface EndpointOptions {
  readonly sdk: Sdk
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
  readonly identityKeys: readonly string[]
  readonly host: string | undefined
  readonly port: number
  /** Calls in flight at most. */
  readonly most: number
  readonly answer: (call: Call) => Promise<Outcome>
  readonly told: (message: string) => void
}

const NOTE = 'note'
const MINUTE_MS = 60_000
/** Restate's own would end a long step and begin it again elsewhere while it still runs. */
const UNTIL_GIVEN_UP_MS = 30 * 24 * 60 * MINUTE_MS
const RETRIES = {
  // Often within the first second: the worker is gone, and another is there.
  initialInterval: 50,
  exponentiationFactor: 1.3,
  maxInterval: 1000,
  // Then it is given up, and the sweep of whoever lives by then sends a new one: to a newer release, if this one's workers are gone.
  maxAttempts: 60,
  onMaxAttempts: 'kill',
} as const
/** Of what the SDK says of an attempt whose connection went. */
const LOST = 'Got abort error'
const CLOSE_PATIENCE_MS = 2000
/** Calls by one connection, before Restate opens another: what stands before the workers deals out connections, not calls. */
const [LEAST_STREAMS, MOST_STREAMS] = [4, 32]

export class Endpoint {
  readonly #options: EndpointOptions
  readonly #server: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #hearing = new Hearing()
  #calls = 0

  constructor(options: EndpointOptions) {
    this.#options = options
    const handle = options.sdk.createEndpointHandler({
      services: this.services.map((name) => this.#service(name)),
      ...(options.identityKeys.length > 0 ? { identityKeys: [...options.identityKeys] } : {}),
      logger: ({ level }, ...said) => {
        const message = said.map(String).join(' ')
        // A lost attempt is told by its signal (P1).
        if (level === 'error' && !message.includes(LOST)) options.told(message)
      },
    })
    const maxConcurrentStreams = Math.min(MOST_STREAMS, Math.max(LEAST_STREAMS, options.most >> 3))
    this.#server = createServer({ settings: { maxConcurrentStreams } })
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      this.#hearing.add(session)
      session.once('close', () => this.#sessions.delete(session))
      session.on('error', () => {}) // its calls are told by their signals
    })
    this.#server.on('request', (request, response) => {
      if (request.url.startsWith('/invoke/')) {
        if (this.#calls >= options.most) {
          response.writeHead(503).end()
          return
        }
        this.#calls++
        const over = this.#hearing.call(sessionOf(request))
        response.once('close', () => {
          this.#calls--
          over()
        })
      }
      handle(request, response)
    })
  }

  /** The services this worker offers. */
  get services(): readonly string[] {
    const { tasks } = this.#options
    const names = tasks.flatMap(({ name, versions }) => versions.map((version) => serviceName(name, version)))
    return [...new Set(names)]
  }

  /** Undefined: what was called for here is surely still this worker's. Else when that is known again. */
  held(): Promise<void> | undefined {
    return this.#hearing.held()
  }

  /** Begins to listen; gives the port. @throws {BadDispatch} */
  listen(): Promise<number> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(
          new BadDispatch(
            `This worker cannot listen on ${host ?? ''}:${port}: ${error.message}. Give it another port (listen, --listen).`,
            { host, port },
          ),
        )
      })
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port)) // it listens on a port
    })
  }

  /** Takes no connection and no call any more. */
  drain(): void {
    this.#server.close()
    for (const session of this.#sessions) session.close()
  }

  /** Once what was in flight has been answered, or after a while. */
  async close(): Promise<void> {
    this.#hearing.close()
    const until = performance.now() + CLOSE_PATIENCE_MS
    while (this.#sessions.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 10))
    for (const session of this.#sessions) session.destroy()
  }

  #service(name: string) {
    const { sdk } = this.#options
    const advance = async (ctx: ObjectContext, wake: { readonly store?: unknown } | undefined) => {
      const { attemptCompletedSignal: signal, idempotencyKey } = ctx.request()
      // What was asked of Restate by an attempt it gave up is never answered.
      const lost = new Promise<undefined>((resolve) =>
        signal.addEventListener('abort', () => resolve(undefined), { once: true }),
      )
      const note = async () => (await Promise.race([ctx.get<Note>(NOTE), lost])) ?? undefined
      const outcome = await this.#options.answer({
        run: ctx.key,
        store: wake?.store,
        idempotencyKey,
        note,
        signal,
      })
      if (outcome.again) ctx.objectSendClient<Callable>({ name }, ctx.key).advance(wake)
      if (outcome.note) ctx.set(NOTE, outcome.note)
      else if (outcome.note === null) ctx.clear(NOTE)
    }
    return sdk.object({
      name,
      description: 'Runs of Throughline, by their ids',
      handlers: {
        advance: sdk.handlers.object.exclusive(
          {
            journalRetention: 0,
            idempotencyRetention: MINUTE_MS,
            inactivityTimeout: UNTIL_GIVEN_UP_MS,
            abortTimeout: UNTIL_GIVEN_UP_MS,
            retryPolicy: RETRIES,
          },
          advance,
        ),
      },
    })
  }
}

const sessionOf = ({ stream }: Http2ServerRequest): ServerHttp2Session | undefined =>
  stream.session as ServerHttp2Session | undefined // of a server's stream
