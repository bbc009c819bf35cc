/** Workers that share a store on Postgres, each behind a network of its own. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { PostgresServer } from '../servers/postgres.ts'
import { Proxy } from '../servers/proxy.ts'
import { Worker } from '../servers/worker.ts'
import type { FaultName, Site, WorkerOptions, WorkerProcess } from './site.ts'

export class PostgresSite implements Site {
  readonly name = 'postgres'
  readonly faults: readonly FaultName[] = [
    'none',
    'worker killed',
    'worker stopped',
    'server crashed',
    'network cut',
    'clocks off',
    'rolling deploy',
    'one by one',
  ]
  readonly movedWithinMs = { 'worker killed': 5000 }
  readonly #server: PostgresServer
  readonly #workers = new Set<Worker>()

  private constructor(server: PostgresServer) {
    this.#server = server
  }

  static async start(): Promise<PostgresSite> {
    return new PostgresSite(await PostgresServer.start({ settings: { max_connections: '200' } }))
  }

  get store(): string {
    return `${this.#server.url}?schema=failover`
  }

  get database(): string {
    return this.#server.url
  }

  /** `options` are those of the command line. */
  async startWorker(
    { release, skewMs = 0 }: WorkerOptions,
    options: readonly string[] = [],
  ): Promise<WorkerProcess> {
    const proxy = await Proxy.before(this.#server.port)
    const store = new URL(this.store)
    store.port = `${proxy.port}`
    const worker = await Worker.start({
      store: store.href,
      file: join(import.meta.dirname, release),
      options,
      flags: skewMs === 0 ? [] : ['--import', join(import.meta.dirname, 'skew.ts')],
      env: { SKEW_MS: `${skewMs}` },
    })
    this.#workers.add(worker)
    void worker.over.then(() => {
      this.#workers.delete(worker)
      return proxy.close()
    })
    return {
      name: `${hostname()}/${worker.pid}`,
      network: proxy,
      kill: (signal) => worker.kill(signal),
      over: worker.over,
    }
  }

  async crashServer(): Promise<void> {
    await this.#server.stop('power')
    await this.#server.start()
  }

  async dispose(): Promise<void> {
    for (const worker of this.#workers) worker.kill('SIGKILL')
    await this.#server.dispose()
  }
}
