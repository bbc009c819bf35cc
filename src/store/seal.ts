/** Salt and hash of an event, side by side as they are stored. */
import { randomFillSync } from 'node:crypto'

export const SALT_BYTES = 16
export const SEAL_BYTES = 48

let pool = Buffer.alloc(0)
let used = 0

/** Fills a salt with random bytes from a pool: one call to the system's generator serves 256 events. */
export function drawSalt(salt: Buffer): void {
  if (used === pool.length) {
    pool = randomFillSync(Buffer.alloc(256 * SALT_BYTES))
    used = 0
  }
  pool.copy(salt, 0, used, (used += SALT_BYTES))
}
