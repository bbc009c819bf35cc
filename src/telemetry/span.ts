/** What is told of a run: spans and measurements, as plain values, before anybody's wire format. */
import { hash } from 'node:crypto'
import type { MetricName } from './mapping.ts'

export type AttributeValue = string | number | boolean | readonly string[]
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>

export interface SpanRef {
  readonly traceId: string
  readonly spanId: string
}

export interface SpanData extends SpanRef {
  readonly parentSpanId: string | undefined
  readonly name: string
  /** `client`: the work was done elsewhere, as a model's is. */
  readonly kind: 'internal' | 'client'
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly isError: boolean
  readonly message: string | undefined
  readonly links: readonly SpanRef[]
  readonly events: readonly {
    readonly name: string
    readonly atMs: number
    readonly attributes: Attributes
  }[]
}

export interface Measurement {
  /** A name of mapping.ts. */
  readonly metric: MetricName
  readonly value: number
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

/** What an event of the record brings to be told. */
export interface Telling {
  readonly spans: readonly SpanData[]
  readonly measurements: readonly Measurement[]
}

/** Of a run: the same in every process, for ever. */
export const traceIdOf = (run: string): string => hash('sha256', `trace\0${run}`, 'hex').slice(0, 32)

/** Of what these names say: whoever computes it again gets the same. */
export const spanIdOf = (...names: readonly (string | number)[]): string =>
  hash('sha256', `span\0${names.join('\0')}`, 'hex').slice(0, 16)

/** Without what is undefined. */
export function given(attributes: Attributes): Readonly<Record<string, AttributeValue>> {
  return Object.fromEntries(
    Object.entries(attributes).filter((one): one is [string, AttributeValue] => one[1] !== undefined),
  )
}
