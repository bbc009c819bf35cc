/**
 * When the file is scrubbed, and by whom: at once by the process that erased, and again and again until it is done; by any other
 * that finds the mark, later.
 */
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'

const FIRST_MS = 1000
const MOST_MS = 60_000
/** So long another process has, which is at it. */
export const OTHERS_MS = 10_000

export class Scrubber {
  readonly #file: string
  readonly #done: () => void
  #running: Promise<boolean> | undefined
  #timer: NodeJS.Timeout | undefined
  #due = Infinity
  #pauseMs = FIRST_MS
  #isClosed = false

  /** `done`: called when the file has been rewritten and its log cut off. */
  constructor(file: string, done: () => void) {
    this.#file = file
    this.#done = done
  }

  /** Whether nothing is left to do; if something is, it is tried again by itself. */
  async run(): Promise<boolean> {
    // What was erased while a try was under way is the next one's.
    while (this.#running) await this.#running
    if (this.#isClosed) return false
    clearTimeout(this.#timer)
    this.#due = Infinity
    this.#running = inThread(this.#file).catch(() => false)
    const isDone = await this.#running
    this.#running = undefined
    if (isDone) {
      this.#pauseMs = FIRST_MS
      this.#done()
    } else {
      this.later(this.#pauseMs)
      this.#pauseMs = Math.min(MOST_MS, 2 * this.#pauseMs)
    }
    return isDone
  }

  later(ms: number): void {
    const due = performance.now() + ms
    if (this.#isClosed || this.#running || this.#due <= due) return
    clearTimeout(this.#timer)
    this.#due = due
    this.#timer = setTimeout(() => void this.run(), ms).unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }
}

function inThread(file: string): Promise<boolean> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./scrub-thread.${extension}`, import.meta.url), { workerData: file })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
}
