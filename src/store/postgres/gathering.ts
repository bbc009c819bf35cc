/**
 * Reads that concern one run each, made together (log/gather.ts).
 *
 * Of rows: those with `run` equal to something, in no order or by position, all of them. Others are asked as they are.
 */
import { Gather, type Head, type Query, type Row } from '../../log/index.ts'

export interface GatheringOptions {
  readonly select: (table: string, query: Query) => Promise<readonly Row[]>
  readonly heads: (streams: readonly string[]) => Promise<readonly Head[]>
}

export class Gathering {
  readonly #options: GatheringOptions
  readonly #heads: Gather<Head | undefined>
  /** By everything of the query but whose run it is. */
  readonly #selects = new Map<string, Gather<readonly Row[]>>()

  constructor(options: GatheringOptions) {
    this.#options = options
    this.#heads = new Gather(async (streams) => {
      const found = new Map((await options.heads(streams)).map((head) => [head.stream, head]))
      return (stream) => found.get(stream)
    })
  }

  head(stream: string): Promise<Head | undefined> {
    return this.#heads.find(stream)
  }

  select(table: string, query: Query): Promise<readonly Row[]> {
    const { run, ...where } = query.where ?? {}
    if (typeof run !== 'string' || query.limit !== undefined) return this.#options.select(table, query)
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
