/** An OTLP receiver in this process: it takes what is sent over HTTP, holds it against the protocol, and can be told to refuse. */
import { createServer, type IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: number
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: { readonly code?: number; readonly message?: string }
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly events: readonly string[]
}

export interface ReceivedPoint {
  readonly metric: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly sum: number
  readonly count: number | undefined
}

export interface Refusal {
  readonly status: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

type Json = Readonly<Record<string, unknown>>

export class Receiver implements AsyncDisposable {
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = []
  readonly resources: Readonly<Record<string, unknown>>[] = []
  #spans: ReceivedSpan[] = []
  #points = new Map<string, ReceivedPoint>()
  readonly #refuse: (path: string, spans: readonly ReceivedSpan[]) => Refusal | undefined
  readonly #server = createServer((request, response) => {
    void this.#take(request).then(({ status, body = '{}', headers = {} }) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body),
    )
  })

  private constructor(refuse: Receiver['refuse']) {
    this.#refuse = (path, spans) => this.refuse?.(path, spans)
    this.refuse = refuse
  }

  /** Says what is answered instead of taking it. */
  refuse: ((path: string, spans: readonly ReceivedSpan[]) => Refusal | undefined) | undefined

  static async listen(refuse?: Receiver['refuse']): Promise<Receiver> {
    const receiver = new Receiver(refuse)
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get endpoint(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || !address) throw new Error('The receiver does not listen.')
    return `http://127.0.0.1:${address.port}`
  }

  /** In the order they came; one that came twice is there twice. */
  get spans(): readonly ReceivedSpan[] {
    return this.#spans
  }

  /** As they stand. */
  get points(): readonly ReceivedPoint[] {
    return [...this.#points.values()]
  }

  span(name: string): ReceivedSpan {
    const found = this.#spans.filter((span) => span.name === name)
    if (found.length !== 1)
      throw new Error(
        `${found.length} spans are called "${name}", of ${this.#spans.map((one) => one.name).join(', ')}`,
      )
    return found[0] as ReceivedSpan // there is one
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: IncomingMessage): Promise<Refusal> {
    const path = request.url ?? ''
    this.requests.push({ path, headers: request.headers })
    const raw = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
    try {
      if (request.headers['content-type'] !== 'application/json') throw new Error('it is no JSON')
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      const body = JSON.parse(text.toString('utf8')) as Json
      const spans = path === '/v1/traces' ? spansIn(body, this.resources) : []
      const points = path === '/v1/metrics' ? pointsIn(body) : []
      const refusal = this.#refuse(path, spans)
      if (refusal) return refusal
      this.#spans.push(...spans)
      for (const point of points) this.#points.set(JSON.stringify([point.metric, point.attributes]), point)
      return { status: 200 }
    } catch (error) {
      return { status: 400, body: String(error) }
    }
  }
}

function spansIn(body: Json, resources: Readonly<Record<string, unknown>>[]): ReceivedSpan[] {
  return list(body['resourceSpans']).flatMap((one) => {
    resources.push(attributesOf(object(one['resource'])))
    return list(one['scopeSpans']).flatMap(({ scope, spans }) => {
      text(object(scope)['name'], /^throughline$/)
      return list(spans).map(spanOf)
    })
  })
}

function spanOf(span: Json): ReceivedSpan {
  const [startMs, endMs] = [msOf(span['startTimeUnixNano']), msOf(span['endTimeUnixNano'])]
  if (endMs < startMs) throw new Error('a span ends before it starts')
  return {
    traceId: text(span['traceId'], /^(?!0+$)[0-9a-f]{32}$/),
    spanId: text(span['spanId'], /^(?!0+$)[0-9a-f]{16}$/),
    parentSpanId:
      span['parentSpanId'] === undefined ? undefined : text(span['parentSpanId'], /^[0-9a-f]{16}$/),
    name: text(span['name'], /./),
    kind: whole(span['kind']),
    startMs,
    endMs,
    attributes: attributesOf(span),
    status: object(span['status']),
    links: list(span['links']).map((link) => ({
      traceId: text(link['traceId'], /^[0-9a-f]{32}$/),
      spanId: text(link['spanId'], /^[0-9a-f]{16}$/),
    })),
    events: list(span['events']).map((event) => text(event['name'], /./)),
  }
}

function pointsIn(body: Json): ReceivedPoint[] {
  const metrics = list(body['resourceMetrics'])
    .flatMap((one) => list(one['scopeMetrics']))
    .flatMap((one) => list(one['metrics']))
  return metrics.flatMap(({ name, sum, histogram }) => {
    const points = list(object(sum ?? histogram)['dataPoints'])
    return points.map((point): ReceivedPoint => {
      if (msOf(point['startTimeUnixNano']) > msOf(point['timeUnixNano']))
        throw new Error('a point ends before it starts')
      const metric = text(name, /./)
      if (!histogram)
        return { metric, attributes: attributesOf(point), sum: Number(point['asDouble']), count: undefined }
      const buckets = (point['bucketCounts'] as readonly unknown[]).map((one) => Number(text(one, /^\d+$/)))
      const bounds = point['explicitBounds'] as readonly number[]
      const count = Number(text(point['count'], /^\d+$/))
      if (buckets.length !== bounds.length + 1) throw new Error('there is not one bucket more than bounds')
      if (buckets.reduce((all, one) => all + one, 0) !== count) throw new Error('buckets do not add up')
      return { metric, attributes: attributesOf(point), sum: Number(point['sum']), count }
    })
  })
}

function attributesOf(of: Json): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    list(of['attributes']).map(({ key, value }) => [text(key, /./), valueOf(object(value))]),
  )
}

function valueOf(value: Json): unknown {
  const [[kind, inner] = ['none', undefined], ...rest] = Object.entries(value)
  if (rest.length > 0) throw new Error('a value is of several kinds')
  switch (kind) {
    case 'stringValue':
      return text(inner, /^/)
    case 'boolValue':
      return inner === true
    case 'intValue':
      return Number(text(String(inner as number | string), /^-?\d+$/)) // JSON of protobuf allows both
    case 'doubleValue':
      return Number(inner)
    case 'arrayValue':
      return list(object(inner)['values']).map(valueOf)
    default:
      throw new Error(`"${kind}" is no kind of value`)
  }
}

function text(value: unknown, like: RegExp): string {
  if (typeof value !== 'string' || !like.test(value))
    throw new Error(`${JSON.stringify(value)} is not like ${like}`)
  return value
}

function whole(value: unknown): number {
  if (!Number.isInteger(value)) throw new Error(`${JSON.stringify(value)} is no whole number`)
  return Number(value)
}

const msOf = (nanos: unknown): number => Number(BigInt(text(nanos, /^\d+$/)) / 1_000_000n)
const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : [])
