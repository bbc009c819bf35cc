/** Where telemetry goes: what a sender asks of it. */
import type { Measurement, SpanData } from './span.ts'

export interface Batch {
  readonly spans: readonly SpanData[]
  readonly measurements: readonly Measurement[]
}

/**
 * What became of a batch: taken; to be tried again; or refused for what is in it, so that trying again would change nothing.
 */
export type Fate =
  /** `but`: why the numbers that go with it come later. */
  | { readonly is: 'taken'; readonly but?: string }
  | { readonly is: 'later' | 'refused'; readonly because: string; readonly afterMs?: number }

export interface Destination {
  /** Never throws. */
  send(batch: Batch): Promise<Fate>
  close(): Promise<void>
}

/** What the process says of itself with everything it sends. */
export interface Resource {
  readonly attributes: Readonly<Record<string, string>>
}
