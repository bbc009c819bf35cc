/** Three nodes of Restate that replicate their log, and workers behind one address a release, each with networks of its own. */
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../servers/postgres.ts'
import { Proxy } from '../servers/proxy.ts'
import { RestateServer } from '../servers/restate.ts'
import { Balancer } from '../servers/balancer.ts'
import { PostgresSite } from './postgres-site.ts'
import type { FaultName, Network, Site, WorkerOptions, WorkerProcess } from './site.ts'

const NODES = 3
/** The node that dies. Workers know another: whoever knows one node only depends on it. */
const VICTIM = 0
const KNOWN = 1
/** Partitions go from node to node after nodes came, and whatever is called meanwhile is called again elsewhere: that is a fault, too. */
const SETTLED_AFTER_MS = 10_000

export class RestateSite implements Site {
  readonly name = 'restate'
  readonly faults: readonly FaultName[] = [
    'none',
    'worker killed',
    'worker stopped',
    'server crashed',
    'node killed',
    'network cut',
    'dispatch cut',
    'clocks off',
    'rolling deploy',
    'one by one',
  ]
  readonly movedWithinMs = { 'worker killed': 1000, 'worker stopped': 8000 }
  readonly #postgres: PostgresSite
  readonly #restate: RestateServer
  /** What stands before the workers of a release: its address never changes its tasks. */
  readonly #balancers = new Map<string, Promise<Balancer>>()

  private constructor(postgres: PostgresSite, restate: RestateServer) {
    this.#postgres = postgres
    this.#restate = restate
  }

  static async start(): Promise<RestateSite> {
    const postgres = await PostgresSite.start()
    const restate = await RestateServer.start({ nodes: NODES })
    await pause(SETTLED_AFTER_MS)
    return new RestateSite(postgres, restate)
  }

  get store(): string {
    return this.#postgres.store
  }

  get database(): string {
    return this.#postgres.database
  }

  async startWorker(options: WorkerOptions): Promise<WorkerProcess> {
    const balancer = await this.#balancerOf(options.release)
    const port = await freePort()
    const inbound = await Proxy.before(port)
    const [ingress, admin] = await Promise.all(
      [this.#restate.ingress(KNOWN), this.#restate.admin(KNOWN)].map((url) =>
        Proxy.before(Number(new URL(url).port)),
      ),
    )
    const networks = [inbound, ingress, admin].filter((proxy) => proxy !== undefined)
    // Before it begins: Restate looks at it through this address when it registers.
    balancer.add(inbound.port)
    const worker = await this.#postgres.startWorker(options, [
      ...['--dispatch', `restate://127.0.0.1:${ingress?.port}?admin=http://127.0.0.1:${admin?.port}`],
      ...['--listen', `127.0.0.1:${port}`, '--address', balancer.address],
    ])
    void worker.over.then(() => {
      balancer.remove(inbound.port)
      return Promise.all(networks.map((network) => network.close()))
    })
    const dispatch: Network = {
      hold: () => networks.forEach((network) => network.hold()),
      heal: () => networks.forEach((network) => network.heal()),
    }
    return { ...worker, dispatch }
  }

  crashServer(): Promise<void> {
    return this.#postgres.crashServer()
  }

  async killNode(forMs: number): Promise<void> {
    await this.#restate.kill(VICTIM)
    await pause(forMs)
    await this.#restate.startNode(VICTIM)
    await pause(SETTLED_AFTER_MS)
  }

  async dispose(): Promise<void> {
    await this.#postgres.dispose()
    await Promise.all([...this.#balancers.values()].map(async (balancer) => (await balancer).close()))
    await this.#restate.dispose()
  }

  #balancerOf(release: string): Promise<Balancer> {
    const known = this.#balancers.get(release) ?? Balancer.start()
    this.#balancers.set(release, known)
    return known
  }
}
