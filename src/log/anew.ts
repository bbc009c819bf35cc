/** Many writers, no locks: whoever was too slow decides again, from what the store holds by then. */
import { AlreadyThere, GuardFailed, StreamMoved } from './errors.ts'

/** Others were quicker so often: then it is said instead of tried again. */
const TRIES = 20

/**
 * Reads, decides and commits, again as long as others were quicker.
 *
 * `attempt` does all three each time: what was read before others wrote is worth nothing. What it refuses by name (a version that was
 * read and is gone) is not tried again.
 */
export async function anew<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (!wasTooSlow(error) || tried >= TRIES) throw error
    }
  }
}

const wasTooSlow = (error: unknown): boolean =>
  error instanceof GuardFailed || error instanceof AlreadyThere || error instanceof StreamMoved
