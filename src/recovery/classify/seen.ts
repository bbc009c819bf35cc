/**
 * What can be seen of something that was thrown, whoever made it.
 *
 * S1. Nothing is imported of the SDK: its errors are known by name and fields, so that copies of other versions, and those that come
 *     back from the record, are known as well.
 * S2. Reading is safe: getters that throw, proxies, circles of causes and what is no error at all give what they give.
 */
import { textOf } from '../../errors.ts'
import { withoutSecrets } from '../secrets.ts'

/** One error of a chain of causes. */
export interface Seen {
  readonly name: string
  /** The provider's own, where there is one: the SDK may have no more than "Bad Request". */
  readonly message: string
  readonly status: number | undefined
  /** The provider's code or type, or Node's. */
  readonly codes: readonly string[]
  /** What a provider said, message and body together: where words are looked for. */
  readonly words: string
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>> | undefined
  readonly isRetryable: boolean | undefined
  readonly error: unknown
}

const MOST_CAUSES = 8
const MOST_WORDS = 8000
const MOST_SHOWN = 600

/** The error and its causes, the outermost first. */
export function chainOf(error: unknown): readonly [Seen, ...Seen[]] {
  const chain: [Seen, ...Seen[]] = [seen(error)]
  const known = new Set<unknown>([error])
  let at: unknown = field(error, 'cause')
  while (at !== undefined && at !== null && !known.has(at) && chain.length < MOST_CAUSES) {
    known.add(at)
    chain.push(seen(at))
    at = field(at, 'cause')
  }
  // What Node tried of one host and another: the first says as much as any.
  const [tried] = listOf(field(error, 'errors'))
  if (chain.length === 1 && tried !== undefined && !known.has(tried)) chain.push(seen(tried))
  return chain
}

function seen(error: unknown): Seen {
  const data = dataOf(error)
  const outer = textIn(error, 'message') ?? (isObject(error) ? '' : textOf(error))
  const name = textIn(error, 'name') ?? (isObject(error) ? 'object' : typeof error)
  const body = textIn(error, 'responseBody') ?? textIn(field(error, 'response'), 'body') ?? ''
  const told = dataIn(body)
  const message = textIn(data, 'message') ?? textIn(told, 'message') ?? outer
  const codes = [error, data, told, field(data, 'innererror')].flatMap((one) =>
    ['code', 'type', 'status'].flatMap((key) => {
      const value = field(one, key)
      return typeof value === 'string' && value !== 'error' ? [value] : []
    }),
  )
  return {
    name,
    message,
    status: statusOf(error) ?? statusOf(data) ?? statusOf(told),
    codes: [...new Set(codes)],
    words: [outer, message, ...codes, body.slice(0, MOST_WORDS)].join('\n'),
    body,
    headers: headersOf(error),
    isRetryable: booleanIn(error, 'isRetryable'),
    error,
  }
}

/** What the provider sent of it: `{ error: … }` unwrapped. */
function dataOf(error: unknown): unknown {
  const data = field(error, 'data')
  const own = field(data, 'error') ?? field(error, 'error')
  return isObject(own) ? own : data
}

/** The same from a body that the SDK could not make sense of. */
function dataIn(body: string): unknown {
  if (!/^\s*\{/.test(body)) return undefined
  try {
    const parsed: unknown = JSON.parse(body)
    const own = field(parsed, 'error')
    return isObject(own) ? own : parsed
  } catch {
    return undefined
  }
}

function statusOf(error: unknown): number | undefined {
  for (const key of ['statusCode', 'status', 'status_code', 'code']) {
    const value = field(error, key)
    if (typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599) return value
  }
  const response = field(error, 'response')
  return isObject(response) && response !== error
    ? statusOf({ status: field(response, 'status') })
    : undefined
}

function headersOf(error: unknown): Readonly<Record<string, unknown>> | undefined {
  const headers =
    field(error, 'responseHeaders') ?? field(error, 'headers') ?? field(field(error, 'response'), 'headers')
  if (!isObject(headers)) return undefined
  const get = field(headers, 'get')
  if (typeof get !== 'function') return headers
  const names = ['retry-after', 'retry-after-ms']
  try {
    return Object.fromEntries(names.map((name) => [name, Reflect.apply(get, headers, [name])]))
  } catch {
    return undefined
  }
}

/** Text of somebody else's, short and without keys. */
export function shown(text: string): string {
  // Cut first: what is looked through is never longer than what could matter. A key that the cut goes through would not be known.
  const short = withoutSecrets(text.slice(0, MOST_WORDS)).replaceAll(/\s+/g, ' ').trim()
  return short.length <= MOST_SHOWN ? short : `${short.slice(0, MOST_SHOWN - 1)}…`
}

/** A field, whatever happens when it is read. */
export function field(of: unknown, key: string): unknown {
  if (!isObject(of)) return undefined
  try {
    return of[key]
  } catch {
    return undefined
  }
}

export function textIn(of: unknown, key: string): string | undefined {
  const value = field(of, key)
  return typeof value === 'string' ? value : undefined
}

function booleanIn(of: unknown, key: string): boolean | undefined {
  const value = field(of, key)
  return typeof value === 'boolean' ? value : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
