/** The way to Restate over a network. */
import { httpAdmin } from './admin.ts'
import type { Endpoint } from './endpoint.ts'
import { HttpIngress } from './ingress.ts'
import type { RestateDispatch } from './options.ts'
import type { Sdk } from './sdk.ts'
import { Server } from './server.ts'
import type { Wire } from './wire.ts'

export interface HttpWireOptions {
  readonly restate: RestateDispatch
  readonly sdk: Sdk
  /** Which life of the store wake-ups speak of. */
  readonly store: string
  /** This machine's name, as Restate may reach it. */
  readonly hostname: string
  readonly told: (message: string) => void
}

export function httpWire({ restate, sdk, store, hostname, told }: HttpWireOptions): Wire {
  const { identityKeys, host, port } = restate
  const ingress = new HttpIngress(restate.ingress, store)
  let server: Server | undefined
  return {
    ingress,
    admin: httpAdmin(restate.admin),
    async listen(endpoint: Endpoint) {
      server = new Server({ sdk, endpoint, identityKeys, host, port, told })
      const taken = await server.listen()
      const isAnywhere = host === undefined || host === '0.0.0.0' || host === '::'
      const name = isAnywhere ? hostname : host
      return restate.address ?? `http://${name.includes(':') ? `[${name}]` : name}:${taken}`
    },
    drain: () => server?.drain(),
    async close() {
      await server?.close()
      ingress.close()
    },
  }
}
