/**
 * How long to leave it alone before it is tried again.
 *
 * Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter", 2015), as for the attempts of a step. The other side's own
 * Retry-After wins where it is longer, never where it is shorter.
 *
 * Pure: the draw comes in.
 */
import { durationMs, type RetryRung } from '../task/index.ts'

const MINUTE_MS = 60_000
/** The longest that the other side may ask for: beyond that it is a mistake. */
const MOST_MS = 24 * 3_600_000

/** The pause before the `attempt`th try again (from 1), in milliseconds. `draw` is in [0, 1). */
export function pauseOf(rung: RetryRung, attempt: number, draw: number, retryAfterMs = 0): number {
  const { initial = 1000, factor = 2, jitter = true } = rung
  const initialMs = durationMs(initial)
  const maxMs = rung.max === undefined ? Math.max(MINUTE_MS, initialMs) : durationMs(rung.max)
  const ceiling = Math.min(maxMs, initialMs * factor ** (attempt - 1))
  const asked = Number.isFinite(retryAfterMs) ? Math.min(Math.max(0, retryAfterMs), MOST_MS) : 0
  return Math.max(Math.round(jitter ? ceiling * draw : ceiling), Math.round(asked))
}
