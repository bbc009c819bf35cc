/** The tries of an operation that took several: a span each, within the operation's, the pauses between them left out. */
import { errorType, textOfError } from './error-type.ts'
import { given, spanIdOf, type Attributes, type SpanData } from './span.ts'

type Body = Readonly<Record<string, unknown>>

/** A try that failed. */
export interface Attempt {
  readonly at: number
  readonly retryAt: number | undefined
  readonly body: Body
}

export interface Tries {
  /** When tries began, where that is on the record. */
  readonly begun: readonly number[]
  readonly failed: readonly Attempt[]
  readonly errorOfLast: string | undefined
  readonly stream: string
  readonly key: string
  readonly common: Attributes
  readonly isContentTold: boolean
}

export function attemptOf(at: number, body: Body): Attempt {
  const retryAt = body['retryAt']
  return { at, retryAt: typeof retryAt === 'number' ? retryAt : undefined, body }
}

export function attemptSpans(span: SpanData, tries: Tries): readonly SpanData[] {
  const { begun, failed, errorOfLast, stream, key, common, isContentTold } = tries
  const startOf = (i: number): number => {
    const before = failed[i - 1]
    return begun[i] ?? (before ? Math.max(before.at, before.retryAt ?? 0) : span.startMs)
  }
  return Array.from({ length: failed.length + 1 }, (_, i): SpanData => {
    const one = failed[i]
    const endMs = one?.at ?? span.endMs
    const error = one ? errorType(one.body['e']) : errorOfLast
    const mode = one?.body['mode']
    return {
      traceId: span.traceId,
      spanId: spanIdOf('attempt', stream, key, i + 1),
      parentSpanId: span.spanId,
      name: 'attempt',
      kind: 'internal',
      startMs: Math.min(startOf(i), endMs),
      endMs,
      attributes: given({
        ...common,
        'throughline.attempt.number': i + 1,
        'throughline.failure.mode': typeof mode === 'string' ? mode : undefined,
        'error.type': error,
      }),
      isError: error !== undefined,
      message: isContentTold && one ? textOfError(one.body['e']) : undefined,
      links: [],
      events: [],
    }
  })
}
