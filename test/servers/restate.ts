/**
 * A real Restate on free loopback ports, in a temporary folder: one node, or several that replicate their log.
 *
 * A worker that froze is noticed by its connection; Restate's own settings take a minute for it, these take five seconds.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { restateBinary } from './install.ts'
import { freePort } from './postgres.ts'

export interface RestateServerOptions {
  /** 1 unless told. Three tolerate the loss of one. */
  readonly nodes?: number
  /** As the server reads them, with RESTATE_ before each. */
  readonly settings?: Readonly<Record<string, string>>
}

interface Node {
  readonly name: string
  readonly ingress: number
  readonly admin: number
  readonly peer: number
  process: ChildProcess | undefined
}

const READY_MS = 60_000

export class RestateServer {
  readonly #folder: string
  readonly #binary: string
  readonly #nodes: readonly Node[]
  readonly #settings: Readonly<Record<string, string>>

  private constructor(
    folder: string,
    binary: string,
    nodes: readonly Node[],
    settings: Readonly<Record<string, string>>,
  ) {
    this.#folder = folder
    this.#binary = binary
    this.#nodes = nodes
    this.#settings = settings
  }

  /** Free ports and a folder, and nothing started yet. */
  static async prepare({
    nodes: count = 1,
    settings = {},
  }: RestateServerOptions = {}): Promise<RestateServer> {
    const binary = await restateBinary()
    const nodes: Node[] = []
    for (let i = 0; i < count; i++) {
      const [ingress, admin, peer] = [await freePort(), await freePort(), await freePort()]
      nodes.push({ name: `node-${i + 1}`, ingress, admin, peer, process: undefined })
    }
    return new RestateServer(mkdtempSync(join(tmpdir(), 'throughline-restate-')), binary, nodes, settings)
  }

  static async start(options: RestateServerOptions = {}): Promise<RestateServer> {
    const server = await RestateServer.prepare(options)
    await server.start()
    return server
  }

  ingress(node = 0): string {
    return `http://127.0.0.1:${this.#nodes[node]?.ingress}`
  }

  admin(node = 0): string {
    return `http://127.0.0.1:${this.#nodes[node]?.admin}`
  }

  async start(): Promise<void> {
    for (const node of this.#nodes) this.#spawn(node)
    await Promise.all(this.#nodes.map((node) => this.#ready(node)))
    if (this.#nodes.length > 1) await this.#joined()
  }

  async startNode(index: number): Promise<void> {
    const node = this.#nodes[index]
    if (!node) return
    this.#spawn(node)
    await this.#ready(node)
  }

  /** At once, as a machine goes. */
  async kill(index = 0): Promise<void> {
    const child = this.#nodes[index]?.process
    const node = this.#nodes[index]
    if (!node || !child || child.exitCode !== null) return
    node.process = undefined
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#nodes.map((_, index) => this.kill(index)))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #spawn(node: Node): void {
    const isCluster = this.#nodes.length > 1
    const peers = this.#nodes.map(({ peer }) => `"http://127.0.0.1:${peer}"`)
    const base = join(this.#folder, node.name)
    mkdirSync(base, { recursive: true })
    node.process = spawn(
      this.#binary,
      [
        '--no-logo',
        '--node-name',
        node.name,
        '--listen-mode',
        'tcp',
        '--base-dir',
        base,
        '--bind-ip',
        '127.0.0.1',
      ],
      {
        cwd: base,
        stdio: ['ignore', 'ignore', process.env['THROUGHLINE_TEST_RESTATE_LOG'] ? 'inherit' : 'ignore'],
        env: {
          ...process.env,
          RUST_LOG: process.env['THROUGHLINE_TEST_RESTATE_LOG'] ?? 'error',
          RESTATE_DISABLE_TELEMETRY: 'true',
          RESTATE_CLUSTER_NAME: 'throughline-test',
          RESTATE_BIND_PORT: `${node.peer}`,
          RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node.peer}`,
          RESTATE_INGRESS__BIND_PORT: `${node.ingress}`,
          RESTATE_ADMIN__BIND_PORT: `${node.admin}`,
          RESTATE_DEFAULT_NUM_PARTITIONS: '4',
          RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '256 MiB',
          RESTATE_SHUTDOWN_TIMEOUT: '2s',
          RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_INTERVAL: '3s',
          RESTATE_WORKER__INVOKER__HTTP2_KEEP_ALIVE_TIMEOUT: '2s',
          RESTATE_AUTO_PROVISION: node === this.#nodes[0] ? 'true' : 'false',
          ...(isCluster
            ? {
                // By itself a node is given up after a second: on a machine that has too much to do, whenever it has.
                RESTATE_GOSSIP_FAILURE_THRESHOLD: '30',
                RESTATE_DEFAULT_REPLICATION: '2',
                RESTATE_METADATA_CLIENT__ADDRESSES: `[${peers.join(',')}]`,
              }
            : {}),
          ...Object.fromEntries(
            Object.entries(this.#settings).map(([name, value]) => [`RESTATE_${name}`, value]),
          ),
        },
      },
    )
  }

  /** A cluster bears the loss of a node once all know of each other, which is some seconds after each of them answers. */
  async #joined(): Promise<void> {
    const until = performance.now() + READY_MS
    for (;;) {
      const health = (await (await fetch(`${this.admin()}/cluster-health`)).json()) as {
        readonly metadata_cluster_health?: { readonly members: readonly number[] } // what the admin API documents
      }
      if ((health.metadata_cluster_health?.members.length ?? 0) === this.#nodes.length) break
      if (performance.now() > until)
        throw new Error(`The nodes of Restate did not join: ${JSON.stringify(health)}`)
      await pause(100)
    }
  }

  async #ready({ admin, ingress, process: child, name }: Node): Promise<void> {
    const until = performance.now() + READY_MS
    for (;;) {
      const isThere = await Promise.all(
        [`http://127.0.0.1:${admin}/health`, `http://127.0.0.1:${ingress}/restate/health`].map((url) =>
          fetch(url).then(
            ({ ok }) => ok,
            () => false,
          ),
        ),
      )
      if (isThere.every(Boolean)) return
      if (child?.exitCode !== null || performance.now() > until)
        throw new Error(
          `Restate (${name}) did not become ready; THROUGHLINE_TEST_RESTATE_LOG=warn shows why.`,
        )
      await pause(50)
    }
  }
}
