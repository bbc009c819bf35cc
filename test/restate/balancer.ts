/** What stands before the workers of one release: a TCP balancer that hands connections to them in turn, and to none that refuses. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class Balancer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  ports: readonly number[] = []
  #turn = 0

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client, this.ports.length))
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer()
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve))
    return balancer
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` // it listens on a port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, tries: number): void {
    const port = this.ports[this.#turn++ % Math.max(1, this.ports.length)]
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
}
