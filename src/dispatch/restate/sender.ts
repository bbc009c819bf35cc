/**
 * Telling Restate which runs have something to do.
 *
 * W1. Runs that are woken within a moment are looked up together: their rows say which service is theirs, and when.
 * W2. Wake-ups for the same reason have the same key, whoever sends them, and are one call.
 * W3. What cannot be sent is left to the next sweep: the row that says the run is due is in the store.
 */
import type { Clock, Log } from '../../log/index.ts'
import type { Ticks } from '../ticks.ts'
import { COLUMNS, standingOf, type Standing } from './standing.ts'
import type { Ingress, Sent } from './wire.ts'

export interface SenderOptions {
  readonly log: Log
  readonly clock: Clock
  readonly ticks: Ticks
  readonly ingress: Ingress
  readonly failed: (error: unknown) => void
}

const GATHER_MS = 2
const AT_ONCE = 500

export class Sender {
  readonly #options: SenderOptions
  /** True: for what their rows do not show. */
  readonly #wanted = new Map<string, boolean>()
  #underWay = 0
  #settled: (() => void)[] = []

  constructor(options: SenderOptions) {
    this.#options = options
  }

  get isBusy(): boolean {
    return this.#wanted.size > 0 || this.#underWay > 0
  }

  /** The run has something to do now, or at a time to come. */
  wake(run: string, isLate = false): void {
    this.#wanted.set(run, isLate || this.#wanted.get(run) === true)
    if (this.#wanted.size > 1) return
    this.#options.ticks.after(GATHER_MS, () => {
      const runs = new Map(this.#wanted)
      this.#wanted.clear()
      void this.#during(this.#sendThese(runs))
    })
  }

  /** Restate calls for it when it is due: at once, if it is. Never rejects. */
  send(standing: Standing, suffix = '', isLate = false): Promise<Sent | 'failed'> {
    const { run, task, version, wakeAt, updatedAt } = standing
    const { clock, ingress, failed } = this.#options
    const reason = isLate ? `l${updatedAt}` : wakeAt === undefined ? `u${updatedAt}` : `w${wakeAt}`
    const delayMs = isLate || wakeAt === undefined ? 0 : Math.max(0, wakeAt - clock.now())
    return this.#during(
      ingress
        .send({ run, task, version, key: `${reason}${suffix}`, delayMs, isLate })
        .catch((error: unknown) => {
          failed(error)
          return 'failed'
        }),
    )
  }

  /** Resolves once nothing is under way any more. */
  async settle(): Promise<void> {
    while (this.isBusy) await new Promise<void>((resolve) => this.#settled.push(resolve))
  }

  async #sendThese(wanted: ReadonlyMap<string, boolean>): Promise<void> {
    const { log, failed } = this.#options
    const runs = [...wanted.keys()]
    try {
      for (let from = 0; from < runs.length; from += AT_ONCE) {
        const where = { run: { in: runs.slice(from, from + AT_ONCE) }, ended_at: null }
        const standings = (await log.select('runs', { where, columns: COLUMNS })).map(standingOf)
        await Promise.all(standings.map((one) => this.send(one, '', wanted.get(one.run))))
      }
    } catch (error) {
      failed(error)
    }
  }

  async #during<T>(work: Promise<T>): Promise<T> {
    this.#underWay++
    try {
      return await work
    } finally {
      this.#underWay--
      if (!this.isBusy) for (const resolve of this.#settled.splice(0)) resolve()
    }
  }
}
