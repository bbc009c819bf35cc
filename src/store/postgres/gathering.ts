/**
 * Reads that concern one run each, made together (log/gather.ts).
 *
 * Of rows: those with `run` equal to something, in no order or by position, all of them. Others are asked as they are, and once if they
 * are asked twice in one turn. Of events: the openings of streams, the rest of a long one being read alone.
 */
import { Gather, type Head, type Query, type Row, type StoredEvent } from '../../log/index.ts'
import type { Opening } from './reader.ts'

export interface GatheringOptions {
  readonly select: (table: string, query: Query) => Promise<readonly Row[]>
  readonly heads: (streams: readonly string[]) => Promise<readonly Head[]>
  readonly openings: (asked: readonly Opening[]) => Promise<readonly (readonly StoredEvent[] | undefined)[]>
  readonly page: (opening: Opening) => Promise<readonly StoredEvent[]>
}

export class Gathering {
  readonly #options: GatheringOptions
  readonly #heads: Gather<Head | undefined>
  /** By everything of the query but whose run it is. */
  readonly #selects = new Map<string, Gather<readonly Row[]>>()
  readonly #same = new Map<string, Promise<readonly Row[]>>()
  readonly #openings: Gather<readonly StoredEvent[] | undefined>

  constructor(options: GatheringOptions) {
    this.#options = options
    this.#heads = new Gather(async (streams) => {
      const found = new Map((await options.heads(streams)).map((head) => [head.stream, head]))
      return (stream) => found.get(stream)
    })
    this.#openings = new Gather(async (keys) => {
      const asked = keys.map((key) => JSON.parse(key) as Opening) // written below
      if (asked.length === 1) return () => undefined
      const found = await options.openings(asked)
      const byKey = new Map(keys.map((key, i) => [key, found[i]]))
      return (key) => byKey.get(key)
    })
  }

  /** Events of a stream from `from` on, up to 1,000. */
  async page({ stream, from }: Opening): Promise<readonly StoredEvent[]> {
    const opening = await this.#openings.find(JSON.stringify({ stream, from }))
    return opening ?? this.#options.page({ stream, from })
  }

  head(stream: string): Promise<Head | undefined> {
    return this.#heads.find(stream)
  }

  select(table: string, query: Query): Promise<readonly Row[]> {
    const { run, ...where } = query.where ?? {}
    if (typeof run !== 'string' || query.limit !== undefined) return this.#selectOnce(table, query)
    const columns = query.columns && [...new Set([...query.columns, 'run'])]
    const rest: Query = { ...query, where, ...(columns ? { columns } : {}) }
    // Where a test has a value of its own the same question hardly comes twice; those of one turn it is that count.
    const name = JSON.stringify([table, rest])
    let gather = this.#selects.get(name)
    if (!gather) {
      gather = new Gather((runs) => {
        this.#selects.delete(name)
        return this.#selectFor(table, rest, runs)
      })
      this.#selects.set(name, gather)
    }
    return gather.find(run)
  }

  #selectOnce(table: string, query: Query): Promise<readonly Row[]> {
    const name = JSON.stringify([table, query])
    const rows =
      this.#same.get(name) ??
      new Promise<void>(setImmediate).then(() => {
        this.#same.delete(name)
        return this.#options.select(table, query)
      })
    this.#same.set(name, rows)
    return rows
  }

  async #selectFor(
    table: string,
    rest: Query,
    runs: readonly string[],
  ): Promise<(run: string) => readonly Row[]> {
    const [only] = runs
    const run = runs.length === 1 && only !== undefined ? only : { in: padded(runs) }
    const rows = await this.#options.select(table, { ...rest, where: { ...rest.where, run } })
    const found = Map.groupBy(rows, (row) => String(row['run']))
    return (one) => found.get(one) ?? []
  }
}

/** To a length that is a power of two: each length is a statement of its own, kept by the server. */
function padded(runs: readonly string[]): readonly string[] {
  const length = 2 ** Math.ceil(Math.log2(runs.length))
  return [...runs, ...Array.from({ length: length - runs.length }, () => runs[0] ?? '')]
}
