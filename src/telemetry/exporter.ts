/** The exporters and meters of whoever brings their own: OpenTelemetry's `SpanExporter` and `MeterProvider`, of its SDK 2 or 3. */
import { METRICS, type MetricName } from './mapping.ts'
import type { Batch, Destination, Fate, Resource } from './destination.ts'
import type { Scope } from './otlp-json.ts'
import type { AttributeValue, Measurement, SpanData, SpanRef } from './span.ts'

/** What is asked of an exporter of spans: that of `@opentelemetry/sdk-trace`, without its package. */
export interface Exporter {
  export(spans: never, done: (result: { readonly code: number; readonly error?: Error }) => void): void
  shutdown?(): Promise<void>
  forceFlush?(): Promise<void>
}

/** What is asked of a provider of meters: that of `@opentelemetry/api`, without its package. */
export interface Meters {
  getMeter(name: string, version?: string): Meter
}

interface Meter {
  createCounter(name: string, options: { readonly unit: string; readonly description: string }): Counter
  createHistogram(
    name: string,
    options: {
      readonly unit: string
      readonly description: string
      readonly advice: { explicitBucketBoundaries: number[] }
    },
  ): Histogram
}

type Told = Record<string, string | number | boolean>

interface Counter {
  add(value: number, attributes: Told): void
}

interface Histogram {
  record(value: number, attributes: Told): void
}

/** A span as exporters read it (`ReadableSpan`). */
export interface ExportedSpan {
  readonly name: string
  readonly kind: number
  readonly spanContext: () => {
    readonly traceId: string
    readonly spanId: string
    readonly traceFlags: number
  }
  readonly parentSpanContext?: {
    readonly traceId: string
    readonly spanId: string
    readonly traceFlags: number
  }
  readonly parentSpanId?: string
  readonly startTime: readonly [seconds: number, nanos: number]
  readonly endTime: readonly [seconds: number, nanos: number]
  readonly duration: readonly [seconds: number, nanos: number]
  readonly status: { readonly code: number; readonly message?: string }
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly links: readonly {
    readonly context: SpanRef & { readonly traceFlags: number }
    readonly attributes: object
  }[]
  readonly events: readonly {
    readonly name: string
    readonly time: readonly [number, number]
    readonly attributes: object
  }[]
  readonly ended: true
  readonly resource: object
  readonly instrumentationScope: Scope
  readonly droppedAttributesCount: 0
  readonly droppedEventsCount: 0
  readonly droppedLinksCount: 0
}

export interface OwnOptions {
  readonly exporter: Exporter | undefined
  readonly meterProvider: Meters | undefined
  readonly resource: Resource
  readonly scope: Scope
}

const SAMPLED = 1
const INTERNAL = 0
const CLIENT = 2
const UNSET = 0
const ERROR = 2
const SUCCESS = 0

export class Own implements Destination {
  readonly #options: OwnOptions
  readonly #meter: Meter | undefined
  readonly #instruments = new Map<MetricName, Counter | Histogram>()

  constructor(options: OwnOptions) {
    this.#options = options
    this.#meter = options.meterProvider?.getMeter(options.scope.name, options.scope.version)
  }

  async send({ spans, measurements }: Batch): Promise<Fate> {
    const { exporter } = this.#options
    if (exporter && spans.length > 0) {
      const fate = await this.#export(exporter, spans)
      if (fate.is !== 'taken') return fate
    }
    for (const one of measurements) this.#measure(one)
    return { is: 'taken' }
  }

  /** They belong to whoever made them: flushed, not shut down. */
  async close(): Promise<void> {
    await this.#options.exporter?.forceFlush?.()
  }

  #export(exporter: Exporter, spans: readonly SpanData[]): Promise<Fate> {
    const { resource, scope } = this.#options
    const readable = spans.map((span) => exported(span, resource, scope))
    return new Promise((resolve) => {
      const failed = (error: unknown) => {
        const because = error instanceof Error ? error.message : 'the exporter failed'
        const status = error instanceof Error && 'code' in error ? error.code : undefined
        resolve({ is: status === 400 || status === 413 || status === 422 ? 'refused' : 'later', because })
      }
      try {
        // An exporter's parameter is the type of its own release; this is what each of them reads.
        exporter.export(readable as never, ({ code, error }) =>
          code === SUCCESS ? resolve({ is: 'taken' }) : failed(error),
        )
      } catch (error) {
        failed(error)
      }
    })
  }

  #measure({ metric, value, attributes }: Measurement): void {
    const known = this.#instruments.get(metric) ?? this.#instrument(metric)
    if (!known) return
    this.#instruments.set(metric, known)
    const told = attributes as Told // metrics have no lists among their attributes
    if ('record' in known) known.record(value, told)
    else known.add(value, told)
  }

  #instrument(name: MetricName): Counter | Histogram | undefined {
    const { unit, description, ...shape } = METRICS[name]
    if (!('bounds' in shape)) return this.#meter?.createCounter(name, { unit, description })
    const advice = { explicitBucketBoundaries: [...shape.bounds] }
    return this.#meter?.createHistogram(name, { unit, description, advice })
  }
}

export function exported(span: SpanData, resource: Resource, scope: Scope): ExportedSpan {
  const {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind,
    startMs,
    endMs,
    attributes,
    isError,
    message,
    links,
    events,
  } = span
  return {
    name,
    kind: kind === 'client' ? CLIENT : INTERNAL,
    spanContext: () => ({ traceId, spanId, traceFlags: SAMPLED }),
    ...(parentSpanId === undefined
      ? {}
      : { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: SAMPLED }, parentSpanId }),
    startTime: time(startMs),
    endTime: time(endMs),
    duration: time(endMs - startMs),
    status: isError ? { code: ERROR, ...(message === undefined ? {} : { message }) } : { code: UNSET },
    attributes,
    links: links.map((link) => ({ context: { ...link, traceFlags: SAMPLED }, attributes: {} })),
    events: events.map((one) => ({ name: one.name, time: time(one.atMs), attributes: one.attributes })),
    ended: true,
    resource: asResource(resource),
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

const time = (ms: number): readonly [number, number] => [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)]

/** As much of OpenTelemetry's `Resource` as exporters ask for. */
function asResource({ attributes }: Resource): object {
  const resource = {
    attributes,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  }
  return resource
}
