/**
 * Patience with a store that is busy, full or out of reach: it is asked again, after pauses that grow.
 *
 * P1. Only what may succeed unchanged is asked again; whatever else went wrong is thrown.
 * P2. Once nobody wants the answer any more it is not asked again, and the promise stays open: whoever was let go neither acts
 *     nor fails.
 */
import { ThroughlineError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { GuardFailed } from './errors.ts'

export interface Patience {
  readonly clock: Clock
  /** Nobody wants the answer any more. */
  readonly isOver: () => boolean
  /** What is waited for, once it takes long. */
  readonly told: (why: string) => void
}

const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 1000
/** From this pause on, people are told what is waited for. */
const TOLD_FROM_MS = 100

/** Whether the same may succeed later, without anybody deciding anew. */
export function isPassing(error: unknown): error is ThroughlineError {
  return error instanceof ThroughlineError && error.retryable && !(error instanceof GuardFailed)
}

/** Asks until there is an answer, or an error that stays. */
export async function patiently<T>(ask: () => Promise<T>, { clock, isOver, told }: Patience): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (isOver()) return new Promise<never>(() => {})
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error)) throw error
      if (pauseMs >= TOLD_FROM_MS) told(error.message)
      await new Promise<void>((resolve) => clock.at(clock.now() + pauseMs, resolve))
    }
  }
}
