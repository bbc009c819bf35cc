/**
 * The sole right to advance the runs of a file.
 *
 * A second file, held in BEGIN EXCLUSIVE for life: the operating system frees the lock the moment this process dies, and keeps
 * it while it is merely stopped. No lease to expire, no clock to trust.
 *
 * W1. Asking whether it is held takes nothing. It does shut others out for the microseconds of one read, so whoever wants the
 *     right and is refused tries again before taking the answer for good (app/open.ts).
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

export class Ownership {
  readonly #file: string
  #held: DatabaseSync | undefined

  constructor(file: string) {
    this.#file = file
  }

  /** Takes the right if nobody holds it. */
  tryTake(): boolean {
    if (this.#held) return true
    const db = new DatabaseSync(this.#file, { timeout: 0 })
    try {
      db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      this.#held = db
      return true
    } catch {
      db.close()
      return false
    }
  }

  /** Whether a living process, this one included, holds the right. */
  isHeld(): boolean {
    if (this.#held) return true
    // Made by the first process that ever took it.
    if (!existsSync(this.#file)) return false
    try {
      using db = new DatabaseSync(this.#file, { readOnly: true, timeout: 0 })
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
      return false
    } catch {
      return true // also where it cannot be looked at: then it cannot be said that nobody holds it
    }
  }

  release(): void {
    this.#held?.close()
    this.#held = undefined
  }
}
