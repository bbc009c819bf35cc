/**
 * `fetch` that reaches the hosts a boundary allows, and no other.
 *
 * E1. Each address is looked at before it is asked, those that a redirect leads to as well; redirects are followed here.
 * E2. What was for one host is not carried to another: credentials are left behind when a redirect leads to another origin.
 * E3. It holds for what is fetched through it. A tool that opens a socket of its own is not seen, and a name is trusted to be what the
 *     system's resolver says it is.
 */
import { hostOf, isAtHost, type Host } from '../task/index.ts'

const MOST_REDIRECTS = 20
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const PRIVATE = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

/** `refuse` says what is thrown for an address that is not allowed. */
export function boundedFetch(
  allowed: readonly (readonly string[])[],
  refuse: (url: URL) => Error,
  go: typeof fetch = fetch,
): typeof fetch {
  const lists = allowed.map((hosts) => hosts.map(hostOf).filter((host): host is Host => host !== undefined))
  const check = (url: URL) => {
    const isPlain = url.username === '' && url.password === ''
    if (!isPlain || !lists.every((hosts) => isAtHost(url, hosts))) throw refuse(url)
  }
  return async (input, init) => {
    const first = new Request(input, init)
    check(new URL(first.url))
    let request = first
    // What is not part of a request, such as an agent of the runtime's own, goes along with each.
    const { method: _method, body: _body, headers: _headers, ...rest } = init ?? {}
    for (let hops = 0; ; hops++) {
      const spare = request.body ? request.clone() : request
      const answer = await go(request, { ...rest, redirect: 'manual' })
      const location = answer.headers.get('location')
      if (first.redirect === 'manual' || !REDIRECTS.has(answer.status) || location === null) return answer
      if (first.redirect === 'error' || hops >= MOST_REDIRECTS)
        throw new TypeError(
          `fetch failed: ${first.url} redirects ${hops === 0 ? 'to another address' : 'again and again'}.`,
        )
      await answer.body?.cancel()
      const url = new URL(location, request.url)
      check(url)
      request = redirected(spare, answer.status, url)
    }
  }
}

function redirected(request: Request, status: number, url: URL): Request {
  const becomesGet =
    (status === 303 && request.method !== 'GET' && request.method !== 'HEAD') ||
    (status < 303 && request.method === 'POST')
  const headers = new Headers(request.headers)
  if (becomesGet)
    for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name)
  if (url.origin !== new URL(request.url).origin) for (const name of PRIVATE) headers.delete(name)
  return new Request(url, {
    method: becomesGet ? 'GET' : request.method,
    headers,
    signal: request.signal,
    ...(becomesGet || !request.body ? {} : { body: request.body, duplex: 'half' }),
  })
}
