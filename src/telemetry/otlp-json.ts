/**
 * Spans and metrics as OTLP has them, in JSON (opentelemetry-proto 1.x: ids as hex, 64-bit numbers as text).
 *
 * Times are whole milliseconds, as the record has them.
 */
import { METRICS, type MetricName } from './mapping.ts'
import type { Resource } from './destination.ts'
import type { Series } from './series.ts'
import type { AttributeValue, SpanData } from './span.ts'

export interface Scope {
  readonly name: string
  readonly version: string
}

const KINDS = { internal: 1, client: 3 } as const
const OK_UNSET = 0
const ERROR = 2
/** Counted since the process began. */
const CUMULATIVE = 2
const SAMPLED = 1

export function tracesRequest(spans: readonly SpanData[], resource: Resource, scope: Scope): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource.attributes) },
        scopeSpans: [{ scope, spans: spans.map(spanJson) }],
      },
    ],
  }
}

export function metricsRequest(
  series: readonly Series[],
  nowMs: number,
  resource: Resource,
  scope: Scope,
): object {
  const byMetric = Map.groupBy(series, ({ metric }) => metric)
  const metrics = [...byMetric].map(([name, all]) => metricJson(name, all, nowMs))
  return {
    resourceMetrics: [
      { resource: { attributes: keyValues(resource.attributes) }, scopeMetrics: [{ scope, metrics }] },
    ],
  }
}

function spanJson(span: SpanData): object {
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
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: KINDS[kind],
    flags: SAMPLED,
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: keyValues(attributes),
    status: isError ? { code: ERROR, ...(message === undefined ? {} : { message }) } : { code: OK_UNSET },
    links: links.map((link) => ({ ...link, attributes: [] })),
    events: events.map((one) => ({
      name: one.name,
      timeUnixNano: nanos(one.atMs),
      attributes: keyValues(one.attributes),
    })),
  }
}

function metricJson(name: MetricName, series: readonly Series[], nowMs: number): object {
  const { unit, description, ...shape } = METRICS[name]
  const common = (one: Series) => ({
    attributes: keyValues(one.attributes),
    startTimeUnixNano: nanos(one.sinceMs),
    timeUnixNano: nanos(nowMs),
  })
  if (!('bounds' in shape)) {
    const dataPoints = series.map((one) => ({ ...common(one), asDouble: one.sum }))
    return {
      name,
      unit,
      description,
      sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true },
    }
  }
  const dataPoints = series.map((one) => ({
    ...common(one),
    count: String(one.count),
    sum: one.sum,
    bucketCounts: one.buckets.map(String),
    explicitBounds: shape.bounds,
  }))
  return { name, unit, description, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } }
}

const nanos = (ms: number): string => `${BigInt(Math.round(ms)) * 1_000_000n}`

function keyValues(attributes: Readonly<Record<string, AttributeValue | undefined>>): readonly object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map(anyValue) } }
}
