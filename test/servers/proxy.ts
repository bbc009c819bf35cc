/** A network between a client and a server of this machine, that can be cut as networks are: the server is told nothing. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class Proxy {
  readonly #server: Server
  /** Of clients; and of the server, which are left open when their client is cut off. */
  readonly #clients = new Set<Socket>()
  readonly #others = new Set<Socket>()
  readonly #pairs = new Map<Socket, Socket>()
  #isHeld = false

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const other = connect(port, '127.0.0.1')
      this.#clients.add(client)
      this.#others.add(other)
      this.#pairs.set(client, other)
      if (this.#isHeld) for (const socket of [client, other]) socket.pause()
      client.on('data', (data) => other.write(data))
      other.on('data', (data) => client.write(data))
      client.on('end', () => other.end())
      other.on('end', () => client.end())
      other.on('close', () => this.#isHeld || client.destroy())
      for (const socket of [client, other]) socket.on('error', () => {})
    })
  }

  static async before(port: number): Promise<Proxy> {
    const proxy = new Proxy(port)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port // it listens on a port
  }

  /** Every client loses its connection; what is on the server's side stays as it is. */
  cut(): void {
    for (const client of this.#clients) client.destroy()
    this.#clients.clear()
  }

  /** The connections there are go silent in both directions, for ever; new ones are as good as any. */
  silence(): void {
    for (const socket of [...this.#clients, ...this.#others]) socket.pause()
    this.#clients.clear()
  }

  /** Nothing comes through any more in either direction; nobody is told. */
  hold(): void {
    this.#isHeld = true
    for (const socket of [...this.#clients, ...this.#others]) socket.pause()
  }

  /** Every other connection goes on with what was held back; the rest are dead. */
  heal(): void {
    this.#isHeld = false
    for (const [i, [client, other]] of [...this.#pairs].entries()) {
      if (i % 2 === 1) client.destroy()
      else for (const socket of [client, other]) socket.resume()
    }
  }

  async close(): Promise<void> {
    for (const socket of [...this.#clients, ...this.#others]) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
