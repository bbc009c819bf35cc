/**
 * Questions that are asked within one turn of the event loop, asked together: a hundred runs that begin at once look up a hundred rows,
 * and each trip to a database costs more than the row.
 *
 * H1. What is answered is as fresh as if each had been asked alone: nothing is put to the store before it was asked here.
 * H2. One that fails fails those it was asked with, and no others.
 */
interface Asked<Answer> {
  readonly answer: Promise<Answer>
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

const AT_ONCE = 256

export class Gather<Answer> {
  readonly #ask: (keys: readonly string[]) => Promise<(key: string) => Answer>
  readonly #asked = new Map<string, Asked<Answer>>()

  /** `ask` gives what answers each of the keys. */
  constructor(ask: (keys: readonly string[]) => Promise<(key: string) => Answer>) {
    this.#ask = ask
  }

  /** @throws what the store says */
  find(key: string): Promise<Answer> {
    const known = this.#asked.get(key)
    if (known) return known.answer
    if (this.#asked.size === 0) setImmediate(() => this.#flush())
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#asked.set(key, { answer: promise, resolve, reject })
    return promise
  }

  #flush(): void {
    const all = [...this.#asked]
    this.#asked.clear()
    while (all.length > 0) void this.#answer(all.splice(0, AT_ONCE))
  }

  async #answer(asked: readonly (readonly [string, Asked<Answer>])[]): Promise<void> {
    try {
      const answerOf = await this.#ask(asked.map(([key]) => key))
      for (const [key, { resolve }] of asked) resolve(answerOf(key))
    } catch (error) {
      for (const [, { reject }] of asked) reject(error)
    }
  }
}
