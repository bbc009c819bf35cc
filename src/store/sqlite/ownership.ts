/**
 * The sole right to advance the runs of a file.
 *
 * A second file, held in BEGIN EXCLUSIVE for life: the operating system frees the lock the moment this process dies, and keeps
 * it while it is merely stopped. No lease to expire, no clock to trust.
 */
import { DatabaseSync } from 'node:sqlite'

export class Ownership {
  readonly #file: string
  #held: DatabaseSync | undefined

  constructor(file: string) {
    this.#file = file
  }

  get isHeld(): boolean {
    return this.#held !== undefined
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

  release(): void {
    this.#held?.close()
    this.#held = undefined
  }
}
