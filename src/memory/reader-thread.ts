/**
 * The index of a store on a thread of its own, as the main thread sees it: recall never holds up runs.
 *
 * T1. A thread that dies takes the questions it had with it: each is refused with `ThreadDied`, and whoever asked starts another.
 * T2. It keeps no process alive but while it has a question.
 */
import { Worker } from 'node:worker_threads'
import { ThroughlineError } from '../errors.ts'
import type { Answer, Ask, Embed } from './follower.ts'

/** How a thread gets at a store: a module that exports `openReader(store)`, by its address. */
export interface Reader {
  readonly module: string
  readonly store: string
}

export interface ThreadOptions {
  readonly reader: Reader
  readonly snapshot?: { readonly path: string; readonly store: string; readonly isReadOnly: boolean }
  /** The name of who gives vectors, where not the table of the package. */
  readonly embedder?: string
  readonly page: number
}

export type Call =
  | { readonly search: Ask }
  | { readonly forget: readonly string[] }
  | { readonly close: true }

export type ToThread =
  | { readonly id: number; readonly call: Call }
  | { readonly embed: number; readonly vectors: readonly (Int8Array | undefined)[] }

export type FromThread =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: Refusal }
  | { readonly embed: number; readonly texts: readonly string[] }

interface Refusal {
  readonly code: string | undefined
  readonly message: string
  readonly retryable: boolean
  readonly data: Readonly<Record<string, unknown>>
}

/** The young generation is bounded: building an index makes garbage faster than it would be collected. */
const LIMITS = { maxYoungGenerationSizeMb: 32 }

/** Its questions are to be asked again, of another. */
export class ThreadDied extends Error {}

export class ReaderThread {
  readonly #worker: Worker
  readonly #embed: Embed
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #asked = 0
  #isOver = false

  constructor(options: ThreadOptions, embed: Embed) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#embed = embed
    this.#worker = new Worker(new URL(`./recall-thread.${extension}`, import.meta.url), {
      workerData: options,
      resourceLimits: LIMITS,
    })
    this.#worker.on('message', (message: FromThread) => this.#hear(message))
    this.#worker.once('error', (error) => this.#over(error))
    this.#worker.once('exit', () => this.#over(undefined))
    this.#worker.unref()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  search(ask: Ask): Promise<readonly Answer[]> {
    return this.#call({ search: ask }) as Promise<readonly Answer[]> // what the thread answers with
  }

  async forget(ids: readonly string[]): Promise<void> {
    await this.#call({ forget: ids })
  }

  async close(): Promise<void> {
    await this.#call({ close: true }).catch(() => {})
    await this.#worker.terminate()
  }

  #call(call: Call): Promise<unknown> {
    if (this.#isOver) return Promise.reject(new ThreadDied())
    const id = ++this.#asked
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, call } satisfies ToThread)
    })
  }

  #hear(message: FromThread): void {
    if ('embed' in message) {
      const { embed, texts } = message
      void this.#embed(texts).then((vectors) =>
        this.#worker.postMessage({ embed, vectors } satisfies ToThread),
      )
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('value' in message) waiting?.resolve(message.value)
    else waiting?.reject(errorOf(message.error))
  }

  #over(cause: unknown): void {
    this.#isOver = true
    for (const { reject } of this.#waiting.values()) reject(new ThreadDied(undefined, { cause }))
    this.#waiting.clear()
  }
}

function errorOf({ code, message, retryable, data }: Refusal): Error {
  return code === undefined ? new Error(message) : new ThroughlineError(code, { message, retryable, data })
}
