/**
 * `postgres://user:password@host:port/database?schema=throughline&sslmode=…`, read once, at the edge.
 *
 * A1. TLS is what `sslmode` says, as Postgres' own clients mean it: `require` encrypts or fails, `verify-ca` also checks who
 *     signed the certificate, `verify-full` also whose it is. `prefer`, the default, encrypts where the server can.
 * A2. The password is in no message: people are shown `shown`.
 * A3. One host. libpq takes several and finds the one that may be written to; the driver does not, and a connection that reads from a replica
 *     would not see what this process was told of before (log.ts, L5).
 */
import { readFileSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { BadAddress } from './errors.ts'

export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface Address {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly schema: string
  readonly tls: TlsMode
  /** PEM texts of `sslrootcert`, `sslcert` and `sslkey`. */
  readonly certificates: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly applicationName: string
  readonly connectTimeoutMs: number
  /** For people: without the password. */
  readonly shown: string
}

const MODES: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']
const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const
const KNOWN = [
  'schema',
  'sslmode',
  'application_name',
  'connect_timeout',
  'host',
  'user',
  ...Object.keys(FILES),
]
const LONGEST_NAME_BYTES = 63

/** Whether an address is one of Postgres. */
export function isPostgres(address: string): boolean {
  return /^postgres(?:ql)?:/i.test(address)
}

/** @throws {BadAddress} */
export function parseAddress(text: string): Address {
  if (hostsIn(text).includes(','))
    throw new BadAddress(
      'postgres://…',
      'it names several hosts, and only one is taken; give one that leads to the server that may be written to, also after a failover: a virtual address, or a proxy such as HAProxy or PgBouncer (by the session)',
    )
  const url = URL.parse(text)
  if (!url || !isPostgres(text)) throw new BadAddress('postgres://…', 'it is no URL')
  const given = url.searchParams
  const schema = given.get('schema') ?? 'throughline'
  const shown = shownOf(url, schema)
  for (const name of given.keys()) {
    if (!KNOWN.includes(name)) throw new BadAddress(shown, `"${name}" is not among ${KNOWN.join(', ')}`)
  }
  const tls = given.get('sslmode') ?? 'prefer'
  if (!isMode(tls)) throw new BadAddress(shown, `sslmode=${tls} is not among ${MODES.join(', ')}`)
  if (
    schema === '' ||
    schema.startsWith('pg_') ||
    Buffer.byteLength(schema) > LONGEST_NAME_BYTES ||
    /[\0"]/.test(schema)
  )
    throw new BadAddress(shown, `"${schema}" cannot be the name of a schema`)
  const timeout = Number(given.get('connect_timeout') ?? 10)
  if (!(timeout > 0)) throw new BadAddress(shown, 'connect_timeout is a number of seconds')
  return {
    host:
      given.get('host') ??
      (url.hostname === '' ? undefined : part(url.hostname.replace(/^\[|\]$/g, ''), shown)),
    port: url.port === '' ? undefined : Number(url.port),
    user: given.get('user') ?? (url.username === '' ? undefined : part(url.username, shown)),
    password: url.password === '' ? undefined : part(url.password, shown),
    database: url.pathname.length <= 1 ? undefined : part(url.pathname.slice(1), shown),
    schema,
    tls,
    certificates: certificatesIn(given, shown),
    applicationName: given.get('application_name') ?? 'throughline',
    connectTimeoutMs: timeout * 1000,
    shown,
  }
}

function hostsIn(text: string): string {
  const [, authority = ''] = /^\w+:\/\/([^/?#]*)/.exec(text) ?? []
  const [, parameter = ''] = /[?&]host=([^&#]*)/.exec(text) ?? []
  return `${authority.slice(authority.lastIndexOf('@') + 1)}${parameter.replaceAll(/%2c/gi, ',')}`
}

function isMode(mode: string): mode is TlsMode {
  return MODES.includes(mode)
}

function part(encoded: string, shown: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new BadAddress(shown, 'a % in it does not begin a code such as %40')
  }
}

function certificatesIn(given: URLSearchParams, shown: string): Address['certificates'] {
  const found: { ca?: string; cert?: string; key?: string } = {}
  for (const [name, as] of Object.entries(FILES)) {
    const file = given.get(name)
    if (file === null) continue
    try {
      found[as] = readFileSync(file, 'utf8')
    } catch (error) {
      throw new BadAddress(shown, `${name} cannot be read (${messageOf(error)})`)
    }
  }
  return found
}

function shownOf(url: URL, schema: string): string {
  const user = url.username === '' ? '' : `${url.username}@`
  const suffix = schema === 'throughline' ? '' : `?schema=${schema}`
  return `postgres://${user}${url.host}${url.pathname === '/' ? '' : url.pathname}${suffix}`
}
