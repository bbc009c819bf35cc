/**
 * Restate in simulated time, in this process: what a dispatcher may rely on, and nothing more. Quick, and the same every time.
 *
 * M1. One call of an object at a time, in the order in which they came; a delayed one comes when the clock says so.
 * M2. A key that was seen before is no new call.
 * M3. A call whose handler throws, or whose worker does not listen, is made again after a pause.
 *
 * Not here: the wire (the SDK's), and what becomes of a call when Restate itself fails: test/failover does that to a real one.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { Clock } from '../../src/log/index.ts'
import type { Sdk } from '../../src/dispatch/restate/sdk.ts'

type Handler = (ctx: object, wake: unknown) => Promise<void>
interface Service {
  readonly name: string
  readonly handlers: Readonly<Record<string, Handler>>
}
interface Call {
  readonly handler: string
  readonly wake: unknown
  readonly key: string | undefined
}

const AGAIN_MS = 50

export class SimulatedRestate {
  readonly #clock: Clock
  readonly #server: Server
  readonly #services = new Map<string, Service>()
  readonly #lines = new Map<string, Call[]>()
  readonly #seen = new Set<string>()
  /** What objects keep: by service and run, then by name. */
  readonly state = new Map<string, Map<string, unknown>>()
  /** Calls that were made, as `service/run`. */
  readonly calls: string[] = []
  /** Wake-ups that are lost on their way from now on: answered well, and forgotten. */
  loses = false
  #port = 0
  #underWay = 0
  #life = 0

  private constructor(clock: Clock) {
    this.#clock = clock
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(clock: Clock): Promise<SimulatedRestate> {
    const restate = new SimulatedRestate(clock)
    await new Promise<void>((resolve) => restate.#server.listen(0, '127.0.0.1', resolve))
    return restate
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` // it listens on a port
  }

  /** Calls that were begun or will be without time passing. */
  get underWay(): number {
    return this.#underWay
  }

  /** As much of the SDK as the endpoint uses; the calls come by the shortest way. */
  get sdk(): Sdk {
    const { exclusive, object } = {
      exclusive: (_: unknown, handler: Handler) => handler,
      object: (service: Service) => service,
    }
    const createEndpointHandler = ({ services }: { readonly services: readonly Service[] }) => {
      for (const service of services) this.#services.set(service.name, service)
      return () => {}
    }
    return { object, handlers: { object: { exclusive } }, createEndpointHandler } as unknown as Sdk // see above
  }

  /** As a cluster that lost its disks: no call is left, and no key is known. */
  forget(): void {
    this.#lines.clear()
    this.#seen.clear()
    this.state.clear()
    this.#life++
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = (await request.setEncoding('utf8').toArray()).join('')
    const url = new URL(request.url ?? '/', this.address)
    const [service = '', run = '', handler = ''] = url.pathname.slice(1).split('/')
    const json = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body))
    if (service === 'deployments') {
      if (request.method === 'POST') this.#port = Number(new URL(JSON.parse(text).uri).port)
      return void json(200, { deployments: [] })
    }
    if (service === 'services') return void json(200, { services: [] })
    if (!this.#services.has(service)) return void json(404, { message: 'service not found' })
    const key = request.headers['idempotency-key']
    const delayMs = Number.parseInt(url.searchParams.get('delay') ?? '0', 10)
    if (!this.loses) {
      const call = { handler, wake: JSON.parse(text), key: typeof key === 'string' ? key : undefined }
      this.#send(`${service}/${decodeURIComponent(run)}`, call, delayMs)
    }
    json(202, {})
  }

  #send(object: string, call: Call, delayMs: number): void {
    if (call.key !== undefined && this.#seen.has(call.key)) return
    if (call.key !== undefined) this.#seen.add(call.key)
    const life = this.#life
    const enqueue = () => void (life === this.#life && this.#enqueue(object, call))
    if (delayMs > 0) this.#clock.at(this.#clock.now() + delayMs, enqueue)
    else this.#enqueue(object, call)
  }

  #enqueue(object: string, call: Call): void {
    const line = this.#lines.get(object) ?? []
    this.#lines.set(object, line)
    if (line.push(call) === 1) this.#next(object)
  }

  /** The first of the line; it leaves when it is done. */
  #next(object: string): void {
    const line = this.#lines.get(object) ?? []
    const [call] = line
    if (!call) return void this.#lines.delete(object)
    this.#underWay++
    void this.#make(object, call).then((isDone) => {
      this.#underWay--
      if (isDone) {
        line.shift()
        this.#next(object)
      } else this.#clock.at(this.#clock.now() + AGAIN_MS, () => this.#next(object))
    })
  }

  async #make(object: string, { handler, wake, key: idempotencyKey }: Call): Promise<boolean> {
    const [service = '', key = ''] = object.split('/')
    if (!(await listens(this.#port))) return false
    this.calls.push(object)
    const attempt = new AbortController()
    const kept = new Map(this.state.get(object))
    const sent: (() => void)[] = []
    const again = (next: unknown) =>
      void sent.push(() => this.#send(object, { handler, wake: next, key: undefined }, 0))
    const ctx = {
      key,
      request: () => ({ attemptCompletedSignal: attempt.signal, idempotencyKey }),
      get: (name: string) => Promise.resolve(kept.get(name) ?? null),
      set: (name: string, value: unknown) => void kept.set(name, value),
      clear: (name: string) => void kept.delete(name),
      objectSendClient: () => ({ [handler]: again }),
    }
    try {
      await this.#services.get(service)?.handlers[handler]?.(ctx, wake)
    } catch {
      return false
    } finally {
      attempt.abort()
    }
    // What a call did to its object is there when it is done, or not at all.
    if (kept.size > 0) this.state.set(object, kept)
    else this.state.delete(object)
    for (const send of sent) send()
    return true
  }
}

/** A worker that was told to stop takes no connection. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}
