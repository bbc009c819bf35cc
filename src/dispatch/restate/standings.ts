/** Rows of runs, looked up together: who asks within one turn of the event loop asks once. */
import type { Log } from '../../log/index.ts'
import { COLUMNS, standingOf, type Standing } from './standing.ts'

const AT_ONCE = 500

interface Asked {
  readonly found: Promise<Standing | undefined>
  readonly resolve: (standing: Standing | undefined) => void
  readonly reject: (error: unknown) => void
}

export class Standings {
  readonly #log: Log
  readonly #asked = new Map<string, Asked>()

  constructor(log: Log) {
    this.#log = log
  }

  /** As it is from now on: nothing older than this call is given. @throws what the store says */
  find(run: string): Promise<Standing | undefined> {
    const known = this.#asked.get(run)
    if (known) return known.found
    if (this.#asked.size === 0) setImmediate(() => this.#ask())
    const { promise, resolve, reject } = Promise.withResolvers<Standing | undefined>()
    this.#asked.set(run, { found: promise, resolve, reject })
    return promise
  }

  #ask(): void {
    const all = [...this.#asked]
    this.#asked.clear()
    while (all.length > 0) void this.#askFor(all.splice(0, AT_ONCE))
  }

  async #askFor(asked: readonly (readonly [string, Asked])[]): Promise<void> {
    try {
      const where = { run: { in: asked.map(([run]) => run) } }
      const rows = await this.#log.select('runs', { where, columns: COLUMNS })
      const found = new Map(rows.map((row) => [String(row['run']), standingOf(row)]))
      for (const [run, { resolve }] of asked) resolve(found.get(run))
    } catch (error) {
      for (const [, { reject }] of asked) reject(error)
    }
  }
}
