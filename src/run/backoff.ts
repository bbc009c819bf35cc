/**
 * When to try again.
 *
 * Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter", 2015): the pause is drawn evenly from zero to the capped
 * exponential, which spreads a crowd of retries better than adding noise to a fixed pause.
 *
 * Pure: the draw comes in, so a simulation replays it from its seed.
 */
import { durationMs, type Retry } from '../task/index.ts'

export interface Backoff {
  readonly attempts: number
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  readonly jitter: boolean
}

const DEFAULT: Backoff = { attempts: 1, initialMs: 1000, factor: 2, maxMs: 60_000, jitter: true }

export function backoffOf(retry: Retry | undefined): Backoff {
  if (!retry) return DEFAULT
  return {
    attempts: Math.max(1, Math.trunc(retry.attempts ?? DEFAULT.attempts)),
    initialMs: durationMs(retry.initial ?? DEFAULT.initialMs),
    factor: retry.factor ?? DEFAULT.factor,
    maxMs: durationMs(retry.max ?? DEFAULT.maxMs),
    jitter: retry.jitter ?? DEFAULT.jitter,
  }
}

/** The pause before attempt `attempt` (the first retry is attempt 2), in milliseconds. `draw` is in [0, 1). */
export function pauseBefore(attempt: number, backoff: Backoff, draw: number): number {
  const ceiling = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (attempt - 2))
  return Math.round(backoff.jitter ? ceiling * draw : ceiling)
}
