/**
 * Where questions are answered: beside the runs while memory is small, by a thread of its own when it is not.
 *
 * D1. A small memory is indexed sooner than a thread is started; from LARGE items on, reading and ranking would be felt by runs.
 * D2. When memory grows beyond that, a thread is made ready while the index of this one goes on answering.
 * D3. A thread that died is replaced, and asked again, once; then it is said.
 */
import type { Log } from '../log/index.ts'
import { embedWith, ITEMS_MS, nameOf, type Embedder } from './embedder.ts'
import { RecallUnavailable } from './errors.ts'
import type { Answer, Ask, Embed, Follower } from './follower.ts'
import { ReaderThread, ThreadDied, type Reader } from './reader-thread.ts'

/** What recall is to have of a store, besides its log. */
export interface Serving {
  /** How a thread gets at the store; without it, there is none. */
  readonly reader?: Reader
  /** The file of a store that is one: the snapshot lies beside it. */
  readonly file?: string
  readonly isReadOnly?: boolean
  readonly embedder?: Embedder
}

const LARGE = 1000
/** Read at a time: in a thread, nobody waits meanwhile. */
const PAGE = { here: 50, thread: 1000 }

export class Desk {
  readonly #log: Log
  readonly #serving: Serving
  #here: Promise<Follower> | undefined
  #thread: ReaderThread | undefined
  #isLarge: boolean | undefined
  #isMoving = false
  #isClosed = false

  constructor(log: Log, serving: Serving) {
    this.#log = log
    this.#serving = serving
  }

  async search(ask: Ask): Promise<readonly Answer[]> {
    this.#isLarge ??= await this.#wantsThread()
    if (this.#isLarge) return this.#inThread((thread) => thread.search(ask))
    const follower = await this.#follower()
    const answers = await follower.search(ask)
    if (follower.size > LARGE && this.#serving.reader) this.#move(ask)
    return answers
  }

  /** Takes items out of index and snapshot. */
  async forget(ids: readonly string[]): Promise<void> {
    await (await this.#here)?.forget(ids)
    if (this.#thread) return this.#inThread((thread) => thread.forget(ids))
    // No index of this process is in the snapshot: it goes, and the next to ask begins anew.
    const options = this.#snapshot()
    if (!options || options.isReadOnly) return
    const { SnapshotFile } = await import('./snapshot-file.ts')
    new SnapshotFile(options.path).remove()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#here?.then((follower) => follower.close())
    await this.#thread?.close()
  }

  async #wantsThread(): Promise<boolean> {
    if (!this.#serving.reader) return false
    const rows = await this.#log.select('items', {
      where: { replaced_at: null },
      columns: ['position'],
      limit: LARGE + 1,
    })
    return rows.length > LARGE
  }

  async #inThread<T>(work: (thread: ReaderThread) => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await work(this.#living())
      } catch (error) {
        if (!(error instanceof ThreadDied)) throw error
        if (tried > 1 || this.#isClosed) throw new RecallUnavailable(error.cause)
      }
    }
  }

  #living(): ReaderThread {
    if (this.#thread && !this.#thread.isOver) return this.#thread
    const { reader, embedder } = this.#serving
    if (!reader) throw new RecallUnavailable(undefined)
    const snapshot = this.#snapshot()
    this.#thread = new ReaderThread(
      {
        reader,
        page: PAGE.thread,
        ...(snapshot ? { snapshot } : {}),
        ...(embedder ? { embedder: nameOf(embedder) } : {}),
      },
      this.#embed,
    )
    return this.#thread
  }

  /** D2. */
  #move(ask: Ask): void {
    if (this.#isMoving) return
    this.#isMoving = true
    this.#inThread((thread) => thread.search(ask)).then(
      () => {
        this.#isLarge = true
        this.#here = undefined
      },
      () => (this.#isMoving = false), // the next question tries again
    )
  }

  /** Loaded when something is first searched for. */
  #follower(): Promise<Follower> {
    const { embedder } = this.#serving
    this.#here ??= import('./follower.ts').then(
      ({ Follower: Here }) =>
        new Here({
          log: this.#log,
          page: PAGE.here,
          ...(embedder ? { embedder: { name: nameOf(embedder), embed: this.#embed } } : {}),
        }),
    )
    return this.#here
  }

  #snapshot() {
    const { file, isReadOnly = false } = this.#serving
    return file === undefined ? undefined : { path: `${file}-recall`, store: file, isReadOnly }
  }

  readonly #embed: Embed = async (texts) =>
    this.#serving.embedder ? embedWith(this.#serving.embedder, texts, ITEMS_MS) : []
}
