/**
 * Hosts a boundary names, and whether an address is at one of them.
 *
 * H1. Compared as the URL parser of the platform reads them: lower case, punycode, IPv4 in whatever spelling, no trailing dot.
 * H2. Without a port, a host is meant at the usual ports of http and https.
 * H3. `*.example.com` means what is below example.com, not itself, and never an IP address.
 */

export interface Host {
  readonly text: string
  readonly scheme: string | undefined
  /** Without `*.`. */
  readonly name: string
  readonly isWildcard: boolean
  readonly port: string
}

const nameOf = ({ hostname }: URL): string => hostname.replace(/\.$/, '')
const isAddress = (name: string): boolean => name.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(name)

/** Undefined if it names no host. */
export function hostOf(text: string): Host | undefined {
  const [, scheme, wild = '', rest = ''] = /^(?:(https?):\/\/)?(\*\.)?([^/?#@\\\s*]+)$/i.exec(text) ?? []
  const url = URL.parse(`${scheme ?? 'http'}://${rest}`)
  if (!url || rest === '') return undefined
  const name = nameOf(url)
  if (name === '' || (wild !== '' && isAddress(name))) return undefined
  // The parser leaves out a port that is its scheme's usual one.
  const port = /:\d+$/.test(rest) ? url.port || (url.protocol === 'https:' ? '443' : '80') : ''
  return { text, scheme: scheme?.toLowerCase(), name, isWildcard: wild !== '', port }
}

/** Whether an address is at one of these hosts. */
export function isAtHost(url: URL, hosts: readonly Host[]): boolean {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return false
  const name = nameOf(url)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return hosts.some((host) => {
    if (host.scheme !== undefined && url.protocol !== `${host.scheme}:`) return false
    if (host.port === '' ? port !== '443' && port !== '80' : port !== host.port) return false
    return host.isWildcard ? !isAddress(name) && name.endsWith(`.${host.name}`) : name === host.name
  })
}
