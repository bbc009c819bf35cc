/** In development: a name used twice at once in a branch, whose outcomes nobody could tell apart by reading. */
import type { Generation } from './generation.ts'
import type { Operation } from './operation.ts'

/** Above so many in flight, looking costs more than it tells. */
const MOST = 50

export function warnOfTwins(
  { surroundings, isLive, pending, runId }: Generation,
  operation: Operation,
): void {
  if (!surroundings.isDevelopment || !isLive || pending.size > MOST) return
  for (const { path } of pending) {
    if (path !== operation.path) continue
    surroundings.logger.warn(
      `Two operations "${path}" are in flight in one branch; use ctx.map, or names with a key, so that each keeps its own outcome.`,
      { run: runId },
    )
    return
  }
}
