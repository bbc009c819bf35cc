/**
 * What stands before the workers of one release: connections go in turn to those that answer.
 *
 * A worker that stands still takes connections, because its machine does, and says nothing: so each is asked for its health, as
 * balancers do, and one that does not answer gets no connection.
 */
import { connect as connectHttp2 } from 'node:http2'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const ASK_EVERY_MS = 500
const ANSWER_WITHIN_MS = 1000

export class Balancer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #ports: number[] = []
  readonly #silent = new Set<number>()
  readonly #asking: NodeJS.Timeout
  #turn = 0

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client, this.#ports.length))
    this.#asking = setInterval(() => {
      for (const port of this.#ports)
        void isWell(port).then((well) => (well ? this.#silent.delete(port) : this.#silent.add(port)))
    }, ASK_EVERY_MS)
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer()
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve))
    return balancer
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` // it listens on a port
  }

  add(port: number): void {
    this.#ports.push(port)
  }

  remove(port: number): void {
    const at = this.#ports.indexOf(port)
    if (at >= 0) this.#ports.splice(at, 1)
  }

  async close(): Promise<void> {
    clearInterval(this.#asking)
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, tries: number): void {
    const port = this.#next()
    if (port === undefined || tries === 0) return void client.destroy()
    const worker = connect(port, '127.0.0.1')
    const refused = (): void => this.#join(client, tries - 1)
    worker.once('error', refused)
    worker.once('connect', () => {
      worker.off('error', refused)
      for (const [from, to] of [
        [client, worker],
        [worker, client],
      ] as const) {
        this.#sockets.add(from)
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.once('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
      }
    })
  }

  #next(): number | undefined {
    const well = this.#ports.filter((port) => !this.#silent.has(port))
    const among = well.length > 0 ? well : this.#ports
    return among[this.#turn++ % Math.max(1, among.length)]
  }
}

function isWell(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const late = setTimeout(() => end(false), ANSWER_WITHIN_MS)
    const end = (well: boolean): void => {
      clearTimeout(late)
      session.destroy()
      resolve(well)
    }
    session.on('error', () => end(false))
    const asked = session.request({ ':path': '/health' })
    asked.on('error', () => end(false))
    asked.on('response', () => end(true))
    asked.resume().end()
  })
}
