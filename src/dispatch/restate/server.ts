/**
 * Listening for Restate: HTTP/2, and its SDK.
 *
 * P4. Told to stop, it takes no new call and finishes those it has.
 */
import { createServer, type Http2Server, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ObjectContext } from '@restatedev/restate-sdk'
import { MANNER, type Attempt, type Endpoint } from './endpoint.ts'
import { BadDispatch } from './errors.ts'
import type { Sdk } from './sdk.ts'
import type { Note } from './standing.ts'

export interface ServerOptions {
  readonly sdk: Sdk
  readonly endpoint: Endpoint
  readonly identityKeys: readonly string[]
  readonly host: string | undefined
  readonly port: number
  readonly told: (message: string) => void
}

interface Callable {
  advance(ctx: ObjectContext, wake: Attempt['wake']): Promise<void>
}

const NOTE = 'note'
/** Of what the SDK says of an attempt whose connection went. */
const LOST = 'Got abort error'
/** Of what the SDK says of a call that has no signature, or another. */
const REFUSED = 'JWT did not validate'
const SAID_EVERY_MS = 10_000
const CLOSE_PATIENCE_MS = 2000

export class Server {
  readonly #options: ServerOptions
  readonly #server: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()
  #saidAt = -Infinity

  constructor(options: ServerOptions) {
    this.#options = options
    const { sdk, endpoint, identityKeys, told } = options
    const handle = sdk.createEndpointHandler({
      services: endpoint.services.map((name) => this.#service(name)),
      ...(identityKeys.length > 0 ? { identityKeys: [...identityKeys] } : {}),
      logger: ({ level }, ...said) => {
        const message = said.map(String).join(' ')
        // A lost attempt is told by its signal (P1).
        if (level !== 'error' || message.includes(LOST)) return
        if (message.includes(REFUSED)) this.#sayRefused()
        else told(message)
      },
    })
    this.#server = createServer({ settings: { maxConcurrentStreams: endpoint.mostByLine } })
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      endpoint.add(session)
      session.once('close', () => this.#sessions.delete(session))
      session.on('error', () => {}) // its calls are told by their signals
    })
    this.#server.on('request', (request, response) => {
      if (request.url.startsWith('/invoke/')) {
        const over = endpoint.enter(sessionOf(request))
        if (!over) return void response.writeHead(503).end()
        response.once('close', over)
      }
      handle(request, response)
    })
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
    const until = performance.now() + CLOSE_PATIENCE_MS
    while (this.#sessions.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 10))
    for (const session of this.#sessions) session.destroy()
  }

  /** Restate tries again and again: said now and then. */
  #sayRefused(): void {
    if (performance.now() - this.#saidAt < SAID_EVERY_MS) return
    this.#saidAt = performance.now()
    this.#options.told(
      'A call was refused: it is not signed with any of the identity keys that this worker was given. Give it the key that Restate prints when it starts (--identity-key publickeyv1_…).',
    )
  }

  #service(name: string) {
    const { sdk, endpoint } = this.#options
    const advance = (ctx: ObjectContext, wake: Attempt['wake']) => {
      const { attemptCompletedSignal: signal, idempotencyKey } = ctx.request()
      return endpoint.advance({
        run: ctx.key,
        wake,
        idempotencyKey,
        signal,
        note: () => ctx.get<Note>(NOTE),
        leave: (note) => ctx.set(NOTE, note),
        clear: () => ctx.clear(NOTE),
        again: () => void ctx.objectSendClient<Callable>({ name }, ctx.key).advance(wake),
      })
    }
    return sdk.object({
      name,
      description: 'Runs of Throughline, by their ids',
      handlers: { advance: sdk.handlers.object.exclusive(MANNER, advance) },
    })
  }
}

const sessionOf = ({ stream }: Http2ServerRequest): ServerHttp2Session | undefined =>
  stream.session as ServerHttp2Session | undefined // of a server's stream
