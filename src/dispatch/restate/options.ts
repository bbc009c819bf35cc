/** `restate({ … })` and `restate://host:8080`: where Restate is, and where its calls reach this worker. Read once, at the edge. */
import { BadDispatch } from './errors.ts'

export interface RestateOptions {
  /** Where wake-ups are sent: `http://host:8080`. */
  readonly ingress: string
  /** Where workers register: `http://host:9070`; the ingress' host and port 9070 unless told. */
  readonly admin?: string
  /** Where this worker listens for Restate: `:9080`, `127.0.0.1:9080`; port 0 takes a free one. `:9080` unless told. */
  readonly listen?: string
  /** Where Restate reaches the workers of this deployment: a load balancer, a service; this host and port unless told. */
  readonly address?: string
  /** Public keys (`publickeyv1_…`): calls that none of them signed are refused. */
  readonly identityKeys?: readonly string[]
}

/** A dispatcher that is described, and not begun. */
export interface RestateDispatch {
  readonly kind: 'restate'
  readonly ingress: string
  readonly admin: string
  readonly host: string | undefined
  readonly port: number
  readonly address: string | undefined
  readonly identityKeys: readonly string[]
}

const ADMIN_PORT = '9070'
const LISTEN = ':9080'

/**
 * Runs are handed out by Restate: pass it to `open({ dispatch })`, with a store on Postgres.
 *
 * @example
 * const tl = await open({ store: 'postgres://localhost/app', tasks, dispatch: restate({ ingress: 'http://localhost:8080' }) })
 * @throws {BadDispatch}
 */
export function restate(options: RestateOptions): RestateDispatch {
  const ingress = urlOf('ingress', options.ingress)
  const admin = options.admin === undefined ? beside(ingress) : urlOf('admin', options.admin)
  const listen = options.listen ?? LISTEN
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen)
  const port = Number(parts?.[3])
  if (!parts || port > 65_535)
    throw new BadDispatch(`"${listen}" is nothing to listen on; write :9080 or 127.0.0.1:9080.`, { listen })
  for (const key of options.identityKeys ?? []) {
    if (!/^publickeyv1_\w+$/.test(key))
      throw new BadDispatch(
        `"${key}" is no identity key of Restate; they begin with publickeyv1_. It is printed where the server starts, or shown by Restate Cloud.`,
      )
  }
  return {
    kind: 'restate',
    ingress: bare(ingress),
    admin: bare(admin),
    host: parts[1] ?? (parts[2] === '' ? undefined : parts[2]),
    port,
    address: options.address === undefined ? undefined : bare(urlOf('address', options.address)),
    identityKeys: options.identityKeys ?? [],
  }
}

/** `restate://host:8080`, perhaps with `?admin=http://other:9070` or `?tls=true`. @throws {BadDispatch} */
export function restateAt(
  address: string,
  more: Pick<RestateOptions, 'listen' | 'address' | 'identityKeys'> = {},
): RestateDispatch {
  const url = URL.parse(address)
  const unknown = [...(url?.searchParams.keys() ?? [])].find((name) => name !== 'admin' && name !== 'tls')
  if (url?.protocol !== 'restate:' || url.hostname === '' || unknown !== undefined)
    throw new BadDispatch(
      `"${address}" is no dispatcher's address; write restate://host:8080, with ?admin=http://host:9070 if that is elsewhere, and tls=true for https.`,
      { dispatch: address },
    )
  const scheme = url.searchParams.get('tls') === 'true' ? 'https' : 'http'
  const admin = url.searchParams.get('admin')
  const port = url.port === '' ? '8080' : url.port
  return restate({
    ingress: `${scheme}://${url.hostname}:${port}`,
    ...(admin === null ? {} : { admin }),
    ...more,
  })
}

function urlOf(name: string, text: unknown): URL {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new BadDispatch(`${name} of restate({ … }) must be an http address; got ${JSON.stringify(text)}.`, {
      [name]: text,
    })
  return url
}

function beside(ingress: URL): URL {
  const admin = new URL(ingress)
  admin.port = ADMIN_PORT
  return admin
}

const bare = (url: URL): string => url.href.replace(/\/+$/, '')
