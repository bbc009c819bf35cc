/**
 * A request as a run's input.
 *
 * Q1. A handler is given the request as it is recorded, in every life of its run: what is not recorded, it does not see.
 * Q2. Headers that carry secrets are never recorded. What a handler has to know of its caller, `admit` says in words of its own.
 */
import { createHash } from 'node:crypto'
import { BadRoute } from './errors.ts'

export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** What a framework found in the path. */
  readonly params?: unknown
}

/** What a framework passes beside a request: Next.js the parts of the path. */
export interface RouteContext {
  readonly params?: unknown
}

const KEPT = ['accept', 'accept-language', 'content-type', 'user-agent']
const SECRET = /^(?:authorization|cookie|set-cookie|proxy-authorization)$|api-?key|token|secret|password/i

/** @throws {BadRoute} for a header that must not be on the record */
export function checkHeaders(route: string, headers: readonly string[]): void {
  const secret = headers.find((name) => SECRET.test(name))
  if (secret !== undefined)
    throw new BadRoute(
      route,
      `The route "${route}" asks for the header "${secret}" to be recorded, which carries a secret. Look at it in admit, and give what the handler has to know as headers of your own.`,
      { header: secret },
    )
}

export async function recordedOf(
  request: Request,
  context: RouteContext | undefined,
  headers: readonly string[],
): Promise<RecordedRequest> {
  const bytes = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
  const params: unknown = await context?.params
  const kept = [...KEPT, ...headers.map((name) => name.toLowerCase())].flatMap((name) => {
    const value = request.headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return {
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(kept),
    ...(bytes === undefined ? {} : { body: textIn(bytes) ?? bytes }),
    ...(params === undefined ? {} : { params }),
  }
}

function textIn(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export function requestOf({ method, url, headers, body }: RecordedRequest): Request {
  return new Request(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Uint8Array.from(body) }),
  })
}

/** The body, where it is JSON. */
export function jsonOf({ body }: RecordedRequest): unknown {
  if (typeof body !== 'string') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The same for a request that was sent twice, whatever host or header it came by. */
export function digestOf({ method, url, body }: RecordedRequest): string {
  const { pathname, search } = new URL(url)
  return createHash('sha256')
    .update(`${method} ${pathname}${search}\n`)
    .update(body ?? '')
    .digest('base64url')
    .slice(0, 22)
}
