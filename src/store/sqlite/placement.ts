/**
 * Where batches are written, and when that changes.
 *
 * On the main thread a commit costs no hand-over, which is fastest by a third while the disk answers within about 2 ms. A slower
 * disk, or bodies that take long to compress, would hold the event loop up: then a thread with a connection of its own writes.
 */
import { Worker } from 'node:worker_threads'
import type { Change } from '../../log/index.ts'
import type { BatchWriter } from './group-commit.ts'
import type { Outcome } from '../outcome.ts'

const SLOW_MS = 2
const HEAVY_BATCH_BYTES = 256 * 1024
const BATCHES = 31
const SMALL_BATCH = 16

/** Watches batches; says when they had better be written elsewhere. Medians: a checkpoint now and then is no slow disk. */
export class Placement {
  #syncMs: number[] = []
  #bytes: number[] = []
  #wantsThread = false

  /** Decides once for every so many batches. */
  note(changes: number, syncMs: number, bytes: number): void {
    // A large batch takes long on any disk; a small one shows what the disk itself takes.
    this.#syncMs.push(changes <= SMALL_BATCH ? syncMs : 0)
    this.#bytes.push(bytes)
    if (this.#syncMs.length < BATCHES) return
    this.#wantsThread = median(this.#syncMs) > SLOW_MS || median(this.#bytes) > HEAVY_BATCH_BYTES
    this.#syncMs = []
    this.#bytes = []
  }

  get wantsThread(): boolean {
    return this.#wantsThread
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

export interface ThreadOptions {
  readonly file: string
  /** A module that exports `projections`; functions cannot cross to a thread, a module's address can. */
  readonly projections: string
}

type Reply =
  | { readonly outcomes: Outcome[] }
  | { readonly error: { readonly message: string; readonly errcode: number | undefined } }

/** A writer on a thread of its own. One batch is under way at a time. */
export async function writerThread(options: ThreadOptions): Promise<BatchWriter> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), { workerData: options })
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  worker.unref()
  return {
    write: (changes: readonly Change[]) =>
      new Promise<Outcome[]>((resolve, reject) => {
        const settle = (reply: Reply) => {
          worker.off('error', reject)
          worker.unref()
          if ('outcomes' in reply) resolve(reply.outcomes)
          else reject(Object.assign(new Error(reply.error.message), { errcode: reply.error.errcode }))
        }
        worker.ref()
        worker.once('message', settle).once('error', reject)
        worker.postMessage(changes)
      }),
    close: async () => void (await worker.terminate()),
  }
}
