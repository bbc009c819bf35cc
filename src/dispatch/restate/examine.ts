/** How Restate and the workers behind it stand, for people: `throughline doctor --dispatch restate://host:8080`. */
import { connect } from 'node:http2'
import { askAdmin, deploymentsOf, reasonOf } from './admin.ts'
import type { RestateDispatch } from './options.ts'
import { serviceName } from './service-name.ts'

/** A task with runs that have not ended. */
export interface Carryable {
  readonly task: string
  readonly version: string
  readonly runs: number
}

/** What answers at an address: workers that want calls signed, workers that take any call, or nobody. */
export type Manner = 'signed' | 'unsigned' | 'silent'

export interface RestateReport {
  /** Of the server; undefined if its admin API cannot be asked. */
  readonly version: string | undefined
  /** What is wrong with either door, in a sentence each. */
  readonly outages: readonly string[]
  readonly addresses: readonly {
    readonly address: string
    readonly services: readonly string[]
    readonly manner: Manner
  }[]
  /** Tasks with runs under way that Restate knows no worker for. */
  readonly unknown: readonly Carryable[]
}

const PATIENCE_MS = 3000
const MANIFEST = 'application/vnd.restate.endpointmanifest.v3+json'
const UNAUTHORIZED = 401

export async function examineRestate(
  { ingress, admin }: RestateDispatch,
  carryable: readonly Carryable[],
): Promise<RestateReport> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const outages: string[] = []
  const told = (door: string) => (error: unknown) =>
    void outages.push(`${door} does not answer: ${reasonOf(error)}`)
  const health = fetch(`${ingress}/restate/health`, { signal }).then(({ ok, status }) => {
    if (!ok) outages.push(`${ingress} is there, and answers ${status} when asked for Restate's health`)
  }, told(ingress))
  const about = Promise.all([askAdmin(admin, 'GET', '/version', signal), deploymentsOf(admin, signal)]).catch(
    told(admin),
  )
  const [, known] = await Promise.all([health, about])
  if (!known) return { version: undefined, outages, addresses: [], unknown: [] }
  const [version, deployments] = known
  const services = new Set(deployments.flatMap((one) => one.services.map(({ name }) => name)))
  const addresses = deployments.flatMap(({ uri, services: offered }) =>
    uri === undefined ? [] : [{ address: uri, services: offered.map(({ name }) => name) }],
  )
  return {
    version: (version as { readonly version: string }).version, // what the admin API documents
    outages,
    addresses: await Promise.all(
      addresses.map(async (one) => ({ ...one, manner: await mannerOf(one.address) })),
    ),
    unknown: carryable.filter(({ task, version: its }) => !services.has(serviceName(task, its))),
  }
}

/** Asks for what Restate asks for when a worker registers, without a signature. */
function mannerOf(address: string): Promise<Manner> {
  return new Promise((resolve) => {
    const session = connect(address)
    const end = (manner: Manner): void => {
      clearTimeout(late)
      session.destroy()
      resolve(manner)
    }
    const late = setTimeout(() => end('silent'), PATIENCE_MS)
    session.on('error', () => end('silent'))
    const asked = session.request({ ':path': '/discover', accept: MANIFEST })
    asked.on('error', () => end('silent'))
    asked.on('response', ({ ':status': status }) => end(status === UNAUTHORIZED ? 'signed' : 'unsigned'))
    asked.resume().end()
  })
}
