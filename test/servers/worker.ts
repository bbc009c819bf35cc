/** `throughline worker` as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '../..')
const KEPT = 20_000

export interface WorkerSettings {
  readonly store: string
  /** The file with its tasks. */
  readonly file: string
  readonly options?: readonly string[]
  /** Of Node itself. */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export class Worker {
  readonly pid: number
  /** How it ended. */
  readonly over: Promise<{ readonly code: number | null; readonly stderr: string }>
  readonly #child: ChildProcess
  #said = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    this.pid = child.pid ?? 0
    child.stderr?.on('data', (data: Buffer) => this.#hear(data.toString()))
    this.over = new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, stderr: this.#said }))
    })
  }

  /** Resolves once it carries runs. */
  static async start(settings: WorkerSettings): Promise<Worker> {
    const { store, file, options = [], flags = [], env = {} } = settings
    const child = spawn(
      process.execPath,
      [
        '--conditions=throughline-source',
        ...flags,
        join(ROOT, 'src/cli/bin.ts'),
        ...['worker', file, '--json', '--store', store, ...options],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', ...env } },
    )
    const worker = new Worker(child)
    const lines = createInterface(child.stdout)
    const isError = (line: string) => line.startsWith('{"error"')
    const ready = new Promise<void>((resolve) => lines.on('line', (line) => isError(line) || resolve()))
    lines.on('line', (line) => isError(line) && worker.#hear(`${line}\n`))
    const ended = worker.over.then(({ code, stderr }) => {
      throw new Error(`A worker ended with ${code} before it carried anything:\n${stderr}`)
    })
    ended.catch(() => {}) // after it was ready, that is no error
    await Promise.race([ready, ended])
    return worker
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-KEPT)
  }
}
