/**
 * Group commit: what all runs of this process want recorded in one turn of the event loop is written in one transaction.
 *
 *     several ask in a turn ─▶ at the turn's end, together
 *     one asks at a time ────▶ at once, and every fifth time at the turn's end: nothing else is there to be gathered, and a turn
 *                              costs a tenth of a commit
 *
 * G1. Changes are written in the order they were asked for.
 * G2. While the file is busy, the batch waits without blocking the process; it fails only after `patienceMs`.
 * G3. A batch is written on this thread while the disk answers quickly, which is fastest; on a thread of its own once it does
 *     not, or once bodies are large enough to hold the event loop up.
 */
import { performance } from 'node:perf_hooks'
import type { Change, Committed } from '../../log/index.ts'
import { refusal, type Outcome } from '../outcome.ts'
import { fromDriver, StoreUnavailable } from './errors.ts'

/** Where batches are written: here, or on a thread. */
export interface BatchWriter {
  write(changes: readonly Change[]): Outcome[] | Promise<Outcome[]>
  close(): Promise<void>
}

export interface Batch {
  readonly changes: number
  /** The size of their bodies. */
  readonly bytes: number
  /** How many events went in, and the position of the last. */
  readonly events: number
  readonly position: number
}

interface Pending {
  readonly change: Change
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: unknown) => void
}

export interface GroupCommitOptions {
  readonly file: string
  readonly writer: BatchWriter
  /** Called after each batch. */
  readonly wrote: (batch: Batch) => void
}

const MOST_CHANGES = 2000
const PATIENCE_MS = 10_000
const BUSY_PAUSE_MS = 5
/** Batches of a single change written without a turn of the event loop between: timers and sockets wait no longer than these take. */
const MOST_IN_A_TURN = 4

export class GroupCommit {
  writer: BatchWriter
  readonly #options: GroupCommitOptions
  #queue: Pending[] = []
  #isScheduled = false
  #isWriting = false
  #wasAlone = false
  #inThisTurn = 0
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
    if (this.#wasAlone && this.#inThisTurn < MOST_IN_A_TURN) {
      this.#inThisTurn++
      process.nextTick(this.#flushNow)
    } else {
      this.#inThisTurn = 0
      setImmediate(this.#flushNow)
    }
  }

  readonly #flushNow = (): void => {
    this.#isScheduled = false
    const written = this.#flush()
    if (written) void written.then(() => this.#after())
    else this.#after()
  }

  #after(): void {
    this.#isWriting = false
    if (this.#queue.length > 0) return this.#schedule()
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #flush(): Promise<void> | undefined {
    const isAll = this.#queue.length <= MOST_CHANGES
    const batch = isAll ? this.#queue : this.#queue.splice(0, MOST_CHANGES)
    if (isAll) this.#queue = []
    this.#wasAlone = batch.length === 1
    this.#isWriting = true
    return this.#write(batch)
  }

  /** `since`: when a busy file was first met. */
  #write(batch: readonly Pending[], since?: number): Promise<void> | undefined {
    try {
      const outcomes = this.writer.write(changesOf(batch))
      if (!(outcomes instanceof Promise)) return void this.#settle(batch, outcomes)
      return outcomes.then(
        (settled) => this.#settle(batch, settled),
        (error: unknown) => this.#fail(batch, error, since),
      )
    } catch (error) {
      return this.#fail(batch, error, since)
    }
  }

  #fail(batch: readonly Pending[], thrown: unknown, since = performance.now()): Promise<void> | undefined {
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
    let [bytes, events, position] = [0, 0, 0]
    for (let i = 0; i < batch.length; i++) {
      const [pending, outcome] = [batch[i], outcomes[i]]
      if (!pending) continue
      if (!outcome || !('at' in outcome)) {
        pending.reject(refusal(outcome))
        continue
      }
      for (const append of pending.change.appends) {
        events += append.events.length
        for (const event of append.events) bytes += event.body?.length ?? 0
      }
      position = outcome.position
      pending.resolve(outcome)
    }
    this.#options.wrote({ changes: batch.length, bytes, events, position })
  }
}

function changesOf(batch: readonly Pending[]): Change[] {
  const changes: Change[] = []
  for (const { change } of batch) changes.push(change)
  return changes
}
