/** The runs of one round: started, answered, settled where they are in doubt, and waited for. */
import { setTimeout as pause } from 'node:timers/promises'
import { open, ThroughlineError, type RunHandle, type Throughline } from 'throughline'
import type { Random } from '../random.ts'
import type { Site } from './site.ts'
import { chargeOf, tookPlace, type OrderInput } from './tasks.ts'
import { order as first } from './release-1.ts'
import { order as second } from './release-2.ts'

/** Far beyond any run of these. */
const PATIENCE_MS = 120_000
const LOOK_EVERY_MS = 300
const ANSWERED_WITHIN_MS = 4000

export interface LoadOptions {
  readonly site: Site
  readonly folder: string
  readonly round: string
  readonly runs: number
  readonly random: Random
  /** Which of them are started by the newer release. */
  readonly isNew?: (n: number) => boolean
}

export class Load {
  readonly ids: string[] = []
  readonly #options: LoadOptions
  readonly #tl: Throughline
  readonly #handles: RunHandle<unknown>[] = []
  readonly #answering: Promise<void>[] = []
  readonly #settling: Promise<void>
  #isOver = false

  private constructor(options: LoadOptions, tl: Throughline) {
    this.#options = options
    this.#tl = tl
    this.#settling = this.#settleDoubts()
  }

  /** A client of the store, on the machine of the server. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options, await open({ store: options.site.store, worker: false }))
    await Promise.all(Array.from({ length: options.runs }, (_, n) => load.#begin(n)))
    return load
  }

  /** What each run came to, by its number. */
  async outcomes(): Promise<readonly string[]> {
    const late = pause(PATIENCE_MS, 'it did not end', { ref: false })
    const outcomes = await Promise.all(this.#handles.map((run) => Promise.race([outcomeOf(run), late])))
    await Promise.race([Promise.all(this.#answering), late])
    this.#isOver = true
    await this.#settling
    return outcomes
  }

  close(): Promise<void> {
    this.#isOver = true
    return this.#tl.close()
  }

  async #begin(n: number): Promise<void> {
    const { site, folder, round, random, isNew } = this.#options
    const input: OrderInput = { n, folder, database: site.database }
    const task = isNew?.(n) ? second : first
    const answeredAfterMs = random.chance(0.3) ? 0 : random.between(500, ANSWERED_WITHIN_MS)
    const run = await this.#tl.start(task, input, { key: `${round}:${n}` })
    this.#handles[n] = run
    this.ids[n] = run.id
    this.#answering.push(
      pause(answeredAfterMs).then(
        async () => void (await run.signal('ok', { by: `Ada ${n}` }, { id: 'ok' })),
      ),
    )
  }

  /** A person who looks at the file, and says of each effect in doubt whether it took place. */
  async #settleDoubts(): Promise<void> {
    const { folder } = this.#options
    while (!this.#isOver) {
      await pause(LOOK_EVERY_MS)
      try {
        const { runs } = await this.#tl.runs.list({ status: 'waiting', limit: 1000 })
        for (const { id, waiting } of runs)
          for (const { kind, name } of waiting) if (kind === 'in_doubt') await this.#settle(id, name, folder)
      } catch (error) {
        if (!(error instanceof ThroughlineError)) throw error // out of reach: looked at again
      }
    }
  }

  async #settle(id: string, step: string, folder: string): Promise<void> {
    const run = await this.#tl.run(id)
    const [{ input }] = (await startOf(this.#tl, id)) as [{ input: OrderInput }]
    const what = chargeOf(input.n, step.replace('charge:', ''))
    await run.resolve(step, tookPlace(folder, what) ? { done: true, value: what } : { done: false })
  }
}

async function outcomeOf(run: RunHandle<unknown>): Promise<string> {
  try {
    return JSON.stringify(await run.result())
  } catch (error) {
    return error instanceof ThroughlineError ? `${error.code}: ${String(error.cause)}` : String(error)
  }
}

async function startOf(tl: Throughline, run: string): Promise<readonly unknown[]> {
  for await (const event of tl.history(run)) return [JSON.parse(event.body ?? '{}')]
  return [{}]
}
