/**
 * Group commit: what all runs of this process want recorded is one statement at a time; what comes meanwhile is the next.
 *
 * G1. Changes are written in the order they were asked for.
 * G2. The first change of a turn waits for the turn to end, so that the others come along.
 */
import type { Change, Committed } from '../../log/index.ts'
import { refusal } from '../outcome.ts'
import type { Settled } from './writer.ts'

interface Pending {
  readonly change: Change
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: unknown) => void
}

export interface GroupCommitOptions {
  /** Never rejects. */
  readonly write: (changes: readonly Change[]) => Promise<readonly Settled[]>
  readonly wrote: () => void
}

const MOST_CHANGES = 2000
/** One statement is held in memory a few times over, on both sides. */
const MOST_BYTES = 4 * 1024 * 1024

export class GroupCommit {
  readonly #options: GroupCommitOptions
  #queue: Pending[] = []
  #isScheduled = false
  #isWriting = false
  #idle: (() => void)[] = []

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  commit(change: Change): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, resolve, reject })
      this.#schedule()
    })
  }

  /** Resolves when nothing is waiting to be written. */
  drained(): Promise<void> {
    if (!this.#isWriting && this.#queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isWriting) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    this.#isWriting = true
    const batch = this.#take()
    const settled = await this.#options.write(batch.map((pending) => pending.change))
    let isAny = false
    for (const [i, pending] of batch.entries()) {
      const outcome = settled[i]
      if (outcome && 'failed' in outcome) pending.reject(outcome.failed)
      else if (outcome && 'at' in outcome) {
        isAny = true
        pending.resolve(outcome)
      } else pending.reject(refusal(outcome))
    }
    this.#isWriting = false
    if (isAny) this.#options.wrote()
    if (this.#queue.length > 0) this.#schedule()
    else for (const resolve of this.#idle.splice(0)) resolve()
  }

  #take(): readonly Pending[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && count < MOST_CHANGES && bytes < MOST_BYTES)
      bytes += bytesOf(this.#queue[count++]?.change)
    return this.#queue.splice(0, count)
  }
}

function bytesOf(change: Change | undefined): number {
  let bytes = 0
  for (const append of change?.appends ?? [])
    for (const event of append.events) bytes += event.body?.length ?? 0
  return bytes
}
