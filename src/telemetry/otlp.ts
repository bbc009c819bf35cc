/**
 * An OTLP receiver over HTTP: JSON by `fetch`, without any package.
 *
 * H1. What may pass (no answer, 408, 429, 5xx) and what somebody can put right while we wait (401, 403, 404) is tried again; what is refused
 *     for its content (400, 413, 422) is not.
 * H2. Metrics are sums since the process began: what a request that was lost would have said, the next one says.
 */
import { gzipSync } from 'node:zlib'
import type { Clock } from '../log/index.ts'
import type { Batch, Destination, Fate, Resource } from './destination.ts'
import { metricsRequest, tracesRequest, type Scope } from './otlp-json.ts'
import { SeriesOf } from './series.ts'

export interface OtlpOptions {
  /** Where traces and metrics go; either may be left out. */
  readonly traces: string | undefined
  readonly metrics: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly isCompressed: boolean
  readonly resource: Resource
  readonly scope: Scope
  readonly clock: Clock
}

const WORTH_COMPRESSING = 4096
const TAKEN: Fate = { is: 'taken' }
const LONGEST_ANSWER = 300

export class Otlp implements Destination {
  readonly #options: OtlpOptions
  readonly #series: SeriesOf
  /** The last metrics did not arrive. */
  #isLate = false

  constructor(options: OtlpOptions) {
    this.#options = options
    this.#series = new SeriesOf(options.clock.now())
  }

  async send({ spans, measurements }: Batch): Promise<Fate> {
    const { traces, resource, scope } = this.#options
    if (traces !== undefined && spans.length > 0) {
      const fate = await this.#post(traces, tracesRequest(spans, resource, scope))
      if (fate.is !== 'taken') return fate
    }
    for (const one of measurements) this.#series.add(one)
    if (measurements.length === 0) return TAKEN
    // The spans are there: to send them again because of this would be worse than a number that comes late (H2).
    const late = await this.#sendMetrics()
    return late === undefined ? TAKEN : { is: 'taken', but: late }
  }

  async close(): Promise<void> {
    if (this.#isLate) await this.#sendMetrics()
  }

  async #sendMetrics(): Promise<string | undefined> {
    const { metrics, resource, scope, clock } = this.#options
    if (metrics === undefined) return undefined
    const fate = await this.#post(metrics, metricsRequest(this.#series.all, clock.now(), resource, scope))
    this.#isLate = fate.is === 'later'
    return fate.is === 'taken' ? undefined : fate.because
  }

  async #post(url: string, request: object): Promise<Fate> {
    const { headers, timeoutMs, isCompressed } = this.#options
    const text = JSON.stringify(request)
    const isZipped = isCompressed && text.length > WORTH_COMPRESSING
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
          ...headers,
        },
        body: isZipped ? gzipSync(text) : text,
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      })
      return fateOf(url, answer.status, await answer.text(), answer.headers.get('retry-after'))
    } catch (error) {
      return { is: 'later', because: `${url} does not answer: ${reasonOf(error)}` }
    }
  }
}

function fateOf(url: string, status: number, answer: string, retryAfter: string | null): Fate {
  if (status >= 200 && status < 300) return TAKEN
  const said = answer.slice(0, LONGEST_ANSWER).replace(/\s+/g, ' ').trim()
  if (status === 415)
    return {
      is: 'later',
      because: `${url} takes no JSON. Give telemetry({ exporter }) the OTLPTraceExporter of @opentelemetry/exporter-trace-otlp-proto instead of an endpoint`,
    }
  const because = `${url} answers ${status}${said === '' ? '' : `: ${said}`}`
  if ([400, 413, 422].includes(status)) return { is: 'refused', because }
  const seconds = Number(retryAfter)
  return { is: 'later', because, ...(retryAfter !== null && seconds > 0 ? { afterMs: seconds * 1000 } : {}) }
}

/** `fetch` says only that it failed; why is its cause. */
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {}
  const told = cause instanceof Error ? cause : error
  return told instanceof Error ? told.message || told.name : String(told)
}
