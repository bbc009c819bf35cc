/** Workers that share a store on Postgres, each behind a network of its own. */
import { spawn } from 'node:child_process'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PostgresServer } from '../servers/postgres.ts'
import { Proxy } from '../servers/proxy.ts'
import type { Site, WorkerOptions, WorkerProcess } from './site.ts'

const ROOT = join(import.meta.dirname, '../..')

export class PostgresSite implements Site {
  readonly name = 'postgres'
  readonly #server: PostgresServer
  readonly #children = new Set<{ readonly proxy: Proxy; readonly kill: () => void }>()

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

  async startWorker({ release, skewMs = 0 }: WorkerOptions): Promise<WorkerProcess> {
    const proxy = await Proxy.before(this.#server.port)
    const store = new URL(this.store)
    store.port = `${proxy.port}`
    const child = spawn(
      process.execPath,
      [
        '--conditions=throughline-source',
        ...(skewMs === 0 ? [] : ['--import', join(import.meta.dirname, 'skew.ts')]),
        join(ROOT, 'src/cli/bin.ts'),
        'worker',
        join(import.meta.dirname, release),
        '--json',
        '--store',
        store.href,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SKEW_MS: `${skewMs}`, NO_COLOR: '1' } },
    )
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr = (stderr + data.toString()).slice(-20_000)))
    const known = { proxy, kill: () => void child.kill('SIGKILL') }
    this.#children.add(known)
    const over = new Promise<Awaited<WorkerProcess['over']>>((resolve) => {
      child.once('close', (code) => {
        this.#children.delete(known)
        void proxy.close()
        resolve({ code, stderr })
      })
    })
    const lines = createInterface(child.stdout)
    const isError = (line: string) => line.startsWith('{"error"')
    const ready = new Promise<void>((resolve) => lines.on('line', (line) => isError(line) || resolve()))
    lines.on('line', (line) => (stderr += isError(line) ? `${line}\n` : ''))
    await Promise.race([
      ready,
      over.then(({ code }) => {
        throw new Error(`A worker ended with ${code} before it carried anything:\n${stderr}`)
      }),
    ])
    return {
      name: `${hostname()}/${child.pid}`,
      network: proxy,
      kill: (signal) => void child.kill(signal),
      over,
    }
  }

  async crashServer(): Promise<void> {
    await this.#server.stop('power')
    await this.#server.start()
  }

  async dispose(): Promise<void> {
    for (const { kill } of this.#children) kill()
    await this.#server.dispose()
  }
}
