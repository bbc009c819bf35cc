/** Those who wait for runs to end: told at once by this process, found by looking when another one carries the run. */
import type { Log } from '../log/index.ts'

const AT_ONCE = 500

export class Watchers {
  readonly #log: Log
  readonly #waiting = new Map<string, (() => void)[]>()
  readonly #stop: () => void

  constructor(log: Log) {
    this.#log = log
    this.#stop = log.onCommit((isOurs) => {
      if (!isOurs && this.#waiting.size > 0) this.#look()
    })
  }

  /** Calls `over` once the run has ended or halted. */
  watch(runId: string, over: () => void): void {
    if (isOver(this.#log, runId)) return over()
    this.#waiting.set(runId, [...(this.#waiting.get(runId) ?? []), over])
  }

  tell(runId: string): void {
    const waiting = this.#waiting.get(runId)
    this.#waiting.delete(runId)
    for (const over of waiting ?? []) over()
  }

  /** Those still waiting are told that there is nothing more to wait for. */
  close(): void {
    this.#stop()
    for (const runId of [...this.#waiting.keys()]) this.tell(runId)
  }

  #look(): void {
    const ids = [...this.#waiting.keys()]
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      const over = this.#log.select('runs', {
        where: {
          run: { in: ids.slice(i, i + AT_ONCE) },
          status: { in: ['done', 'failed', 'cancelled', 'halted'] },
        },
      })
      for (const row of over) this.tell(String(row['run']))
    }
  }
}

function isOver(log: Log, runId: string): boolean {
  return (
    log.select('runs', { where: { run: runId, status: { in: ['done', 'failed', 'cancelled', 'halted'] } } })
      .length > 0
  )
}
