/**
 * Group commit: what all runs of this process want recorded in one turn of the event loop is written in one transaction.
 *
 * G1. Changes are written in the order they were asked for.
 * G2. While the file is busy, the batch waits without blocking the process; it fails only after `patienceMs`.
 * G3. A batch is written on this thread while the disk answers quickly, which is fastest; on a thread of its own once it does
 *     not, or once bodies are large enough to hold the event loop up.
 */
import type { Change, Committed } from '../../log/index.ts'
import { refusal, type Outcome } from '../outcome.ts'
import { fromDriver, StoreUnavailable } from './errors.ts'

/** Where batches are written: here, or on a thread. */
export interface BatchWriter {
  write(changes: readonly Change[]): Outcome[] | Promise<Outcome[]>
  close(): Promise<void>
}

interface Pending {
  readonly change: Change
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: unknown) => void
}

export interface GroupCommitOptions {
  readonly file: string
  readonly writer: BatchWriter
  readonly wrote: () => void
  /** Called after each batch with how many changes it had, and the size of their bodies. */
  readonly watch: (changes: number, bytes: number) => void
}

const MOST_CHANGES = 2000
const PATIENCE_MS = 10_000
const BUSY_PAUSE_MS = 5

export class GroupCommit {
  writer: BatchWriter
  readonly #options: GroupCommitOptions
  #queue: Pending[] = []
  #isScheduled = false
  #isWriting = false
  #idle: (() => void)[] = []

  constructor(options: GroupCommitOptions) {
    this.#options = options
    this.writer = options.writer
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
      const written = this.#flush()
      if (written) void written.then(() => this.#after())
      else this.#after()
    })
  }

  #after(): void {
    this.#isWriting = false
    if (this.#queue.length > 0) return this.#schedule()
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #flush(): Promise<void> | undefined {
    const batch = this.#queue.splice(0, MOST_CHANGES)
    this.#isWriting = true
    return this.#write(batch, performance.now())
  }

  #write(batch: readonly Pending[], since: number): Promise<void> | undefined {
    try {
      const outcomes = this.writer.write(batch.map((pending) => pending.change))
      if (!(outcomes instanceof Promise)) return void this.#settle(batch, outcomes)
      return outcomes.then(
        (settled) => this.#settle(batch, settled),
        (error: unknown) => this.#fail(batch, error, since),
      )
    } catch (error) {
      return this.#fail(batch, error, since)
    }
  }

  #fail(batch: readonly Pending[], thrown: unknown, since: number): Promise<void> | undefined {
    const error = fromDriver(thrown, this.#options.file)
    const isBusy = error instanceof StoreUnavailable && error.code === 'store_busy'
    if (isBusy && performance.now() - since < PATIENCE_MS) {
      return new Promise((resolve) => {
        setTimeout(() => {
          const again = this.#write(batch, since)
          if (again) void again.then(resolve)
          else resolve()
        }, BUSY_PAUSE_MS)
      })
    }
    for (const pending of batch) pending.reject(error)
    return undefined
  }

  #settle(batch: readonly Pending[], outcomes: readonly Outcome[]): void {
    this.#options.watch(batch.length, bytesOf(batch))
    for (const [i, pending] of batch.entries()) {
      const outcome = outcomes[i]
      if (outcome && 'at' in outcome) pending.resolve(outcome)
      else pending.reject(refusal(outcome))
    }
    this.#options.wrote()
  }
}

function bytesOf(batch: readonly Pending[]): number {
  let bytes = 0
  for (const { change } of batch)
    for (const append of change.appends) for (const event of append.events) bytes += event.body?.length ?? 0
  return bytes
}
