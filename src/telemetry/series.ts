/** Measurements added up since the process began: one series for each metric and set of attributes. */
import { METRICS, type MetricName } from './mapping.ts'
import type { Measurement } from './span.ts'

export interface Series {
  readonly metric: MetricName
  readonly attributes: Measurement['attributes']
  readonly sinceMs: number
  count: number
  sum: number
  /** How many values lay up to each bound; of a histogram. */
  readonly buckets: number[]
}

/** Attributes have few values; whoever gives them many gets no more series than this, and the rest under `otel.metric.overflow`. */
const MOST_SERIES = 2000
const OVERFLOW = { 'otel.metric.overflow': true }

export class SeriesOf {
  readonly #sinceMs: number
  readonly #all = new Map<string, Series>()

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs
  }

  get all(): readonly Series[] {
    return [...this.#all.values()]
  }

  add({ metric, value, attributes }: Measurement): void {
    const series = this.#of(metric, attributes)
    series.count++
    series.sum += value
    const { bounds } = { bounds: [] as readonly number[], ...METRICS[metric] }
    const at = bounds.findIndex((bound) => value <= bound)
    const bucket = at < 0 ? bounds.length : at
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1
  }

  #of(metric: MetricName, attributes: Measurement['attributes']): Series {
    const isFull = this.#all.size >= MOST_SERIES
    const key = JSON.stringify([metric, attributes])
    const known = this.#all.get(key)
    if (known) return known
    if (isFull && attributes !== OVERFLOW) return this.#of(metric, OVERFLOW)
    const { bounds } = { bounds: [] as readonly number[], ...METRICS[metric] }
    const buckets = Array.from({ length: bounds.length + 1 }, () => 0)
    const series = { metric, attributes, sinceMs: this.#sinceMs, count: 0, sum: 0, buckets }
    this.#all.set(key, series)
    return series
  }
}
