/** `throughline worker … --dispatch restate://…` as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../servers/postgres.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface RestateWorkerOptions {
  readonly store: string
  /** `http://127.0.0.1:…` */
  readonly ingress: string
  readonly admin: string
  /** The file with its tasks. */
  readonly release: string
  readonly address?: string
  readonly concurrency?: number
  /** A free one unless told. */
  readonly port?: number
}

export class RestateWorker {
  readonly port: number
  readonly pid: number
  readonly #child: ChildProcess
  readonly over: Promise<number | null>
  stderr = ''

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.pid = child.pid ?? 0
    child.stderr?.on('data', (data: Buffer) => (this.stderr = (this.stderr + data.toString()).slice(-20_000)))
    this.over = new Promise((resolve) => child.once('close', resolve))
  }

  /** Resolves once it carries runs. */
  static async start(options: RestateWorkerOptions): Promise<RestateWorker> {
    const { store, ingress, admin, release, address, concurrency = 256 } = options
    const port = options.port ?? (await freePort())
    const child = spawn(
      process.execPath,
      [
        '--conditions=throughline-source',
        join(ROOT, 'src/cli/bin.ts'),
        ...['worker', join(import.meta.dirname, release), '--json', '--store', store],
        ...['--dispatch', `restate://${new URL(ingress).host}?admin=${admin}`],
        ...['--listen', `127.0.0.1:${port}`, '--concurrency', `${concurrency}`],
        ...(address === undefined ? [] : ['--address', address]),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
    )
    const worker = new RestateWorker(child, port)
    const ready = new Promise<void>((resolve) => createInterface(child.stdout).once('line', () => resolve()))
    await Promise.race([
      ready,
      worker.over.then((code) => {
        throw new Error(`A worker ended with ${code} before it carried anything:\n${worker.stderr}`)
      }),
    ])
    return worker
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}
