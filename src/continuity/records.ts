/**
 * Records of runs, read on from where they were read before.
 *
 * R1. What is kept is a memory of the log and nothing else: it may be forgotten at any time, and is where a stream is gone.
 */
import type { Log } from '../log/index.ts'
import { events } from '../run/index.ts'
import { RunRecord } from './record.ts'

interface Reading {
  readonly record: RunRecord
  chapter: number
  seq: number
}

/** So many runs are kept in mind. */
const MOST = 32

export class Records {
  readonly #log: Log
  readonly #readings = new Map<string, Reading>()
  /** Those that are read right now: two briefs of one run must not both add to it. */
  readonly #busy = new Map<string, Promise<Reading>>()

  constructor(log: Log) {
    this.#log = log
  }

  /** What a run did, up to now; and how far that is. */
  async of(run: string, chapters: number): Promise<Readonly<Reading>> {
    const before = this.#busy.get(run) ?? Promise.resolve()
    const reading = before.then(
      () => this.#readOn(run, chapters),
      () => this.#readOn(run, chapters),
    )
    this.#busy.set(run, reading)
    try {
      return await reading
    } finally {
      if (this.#busy.get(run) === reading) this.#busy.delete(run)
    }
  }

  async #readOn(run: string, chapters: number): Promise<Reading> {
    const head = await this.#log.head(events.chapterStream(run, chapters))
    const known = this.#readings.get(run)
    const goesOn = known && head && !head.isPruned && (known.chapter < chapters || known.seq <= head.seq)
    const reading: Reading = goesOn ? known : { record: new RunRecord(), chapter: 1, seq: 0 }
    this.#readings.delete(run) // a reading that fails half-way is begun anew
    for (; reading.chapter <= chapters; reading.chapter++, reading.seq = 0) {
      const isLast = reading.chapter === chapters
      if (!isLast || reading.seq < (head?.seq ?? 0))
        for await (const page of this.#log.read(events.chapterStream(run, reading.chapter), reading.seq + 1))
          for (const event of page) {
            reading.record.add(event)
            reading.seq = event.seq
          }
      if (isLast) break
    }
    this.#readings.set(run, reading)
    for (const oldest of this.#readings.keys()) {
      if (this.#readings.size <= MOST) break
      this.#readings.delete(oldest)
    }
    return reading
  }
}
