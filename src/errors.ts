/**
 * The one base class of every error the layer raises.
 *
 * E1. `code` is stable and has a page in `docs/errors/<code>.md`; a test pairs them.
 * E2. The message says what happened, to which id, and what to do.
 */
export interface ErrorDetails {
  readonly message: string
  /** Whether doing the same again later can succeed without anything being changed. */
  readonly retryable?: boolean
  readonly data?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** Any error raised by Throughline; tell them apart by `code`. */
export class ThroughlineError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly data: Readonly<Record<string, unknown>>

  constructor(code: string, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = details.retryable ?? false
    this.data = details.data ?? {}
  }
}

/** The message of anything that was thrown, Errors or not. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name
  return textOf(thrown)
}

/** Anything as text, also what has a toString of its own that fails, or none. */
export function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
