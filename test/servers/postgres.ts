/**
 * A real Postgres on a free loopback port, in a temporary folder, with Postgres' own defaults (fsync and synchronous_commit on).
 *
 * It refuses to run as root; root runs it as `nobody`.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresBinaries, type Binaries } from './install.ts'

const NOBODY = 65534
const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

export const USER = 'tester'
export const PASSWORD = 'a p@ss:word/of%ours'

export interface ServerOptions {
  /** With a certificate for `localhost`, see test/servers/tls. */
  readonly tls?: boolean
  /** Connections without TLS are refused. */
  readonly tlsOnly?: boolean
  readonly settings?: Readonly<Record<string, string>>
}

export class PostgresServer {
  readonly port: number
  readonly #folder: string
  readonly #data: string
  readonly #binaries: Binaries
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number, binaries: Binaries) {
    this.#folder = folder
    this.#data = join(folder, 'data')
    this.#binaries = binaries
    this.port = port
  }

  static async start(options: ServerOptions = {}): Promise<PostgresServer> {
    const binaries = await postgresBinaries()
    const folder = mkdtempSync(join(tmpdir(), 'throughline-postgres-'))
    chmodSync(folder, 0o755)
    const server = new PostgresServer(folder, await freePort(), binaries)
    server.#initialise(options)
    await server.start()
    return server
  }

  /** Of the database `postgres`. */
  get url(): string {
    return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.port}/postgres`
  }

  async start(): Promise<void> {
    const child = spawn(
      this.#binaries.postgres,
      ['-D', this.#data, '-p', String(this.port), '-c', `unix_socket_directories=${this.#data}`],
      {
        ...asNobody,
        cwd: this.#data,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, LC_ALL: 'C' },
      },
    )
    this.#process = child
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-10_000)
        if (said.includes('database system is ready to accept connections')) resolve()
      })
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`Postgres ended with ${code}:\n${said}`)))
    })
  }

  /** `fast`: as an administrator restarts it; `crash`: at once; `power`: as a machine loses power, no process of it says a word. */
  async stop(how: 'fast' | 'crash' | 'power' = 'fast'): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (how === 'power') for (const pid of childrenOf(child.pid)) process.kill(pid, 'SIGKILL')
    child.kill(SIGNALS[how])
    await ended
  }

  async dispose(): Promise<void> {
    await this.stop('crash')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #initialise(options: ServerOptions): void {
    mkdirSync(this.#data)
    if (asNobody.uid) chownSync(this.#data, NOBODY, NOBODY)
    const passwordFile = join(this.#folder, 'password')
    writeFileSync(passwordFile, `${PASSWORD}\n`)
    const done = spawnSync(
      this.#binaries.initdb,
      [
        `--pgdata=${this.#data}`,
        '--auth=scram-sha-256',
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { ...asNobody, cwd: this.#data, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
    )
    if (done.status !== 0) throw new Error(`initdb failed: ${done.error?.message ?? done.stderr}`)
    const settings: Record<string, string> = { listen_addresses: "'127.0.0.1'", ...options.settings }
    if (options.tls) {
      for (const name of ['server.crt', 'server.key']) {
        const file = join(this.#data, name)
        copyFileSync(join(import.meta.dirname, 'tls', name), file)
        if (asNobody.uid) chownSync(file, NOBODY, NOBODY)
        chmodSync(file, 0o600)
      }
      settings['ssl'] = 'on'
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
    writeFileSync(join(this.#data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`)
    if (options.tlsOnly) writeFileSync(join(this.#data, 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n')
  }
}

const SIGNALS = { fast: 'SIGINT', crash: 'SIGQUIT', power: 'SIGKILL' } as const

/** The processes of a server, but its first; stopped first of all, so that none sees another die. */
function childrenOf(pid: number | undefined): readonly number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', `${pid}`], { encoding: 'utf8' })
  const pids = stdout.split('\n').map(Number).filter(Boolean)
  for (const child of pids) process.kill(child, 'SIGSTOP')
  return pids
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
