/**
 * What is looked at when a process becomes the one that carries runs: what its predecessor left.
 *
 *     running ─────────────────▶ woken at once
 *     waiting for code we have ▶ woken at once
 *     put to rest lately ──────▶ the newest at once, the others a few at a time
 *
 * The last are runs that may have been in an await no record shows. Nearly all of them have nothing to do, and there may be ten
 * thousand: looking at all of them at once would keep waiting whoever has something to do, and fill the memory.
 */
import type { Clock, Log } from '../log/index.ts'
import type { Dispatcher, Registry } from '../run/index.ts'

/** A body in a plain await may have been at rest on the record for this long and still be at work. */
const LINGERS_MS = 60_000
const AT_ONCE = 20
const THEN = 2
const EVERY_MS = 100

export interface Left {
  readonly log: Log
  readonly registry: Registry
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  readonly lingerMs: number
}

/**
 * Wakes what was under way when the last owner went. Returns what ends looking.
 *
 * Also what this process has no code for: nobody else carries it now, and so it waits, visibly. That is recorded once.
 */
export function wakeInterrupted({ log, registry, dispatcher, clock, lingerMs }: Left): () => void {
  const wake = (runs: readonly string[]) => runs.forEach((run) => dispatcher.wake(run))
  const select = (where: Parameters<Log['select']>[1]['where'] & object) =>
    log
      .select('runs', { where, columns: ['run'], order: [{ desc: 'updated_at' }] })
      .map((row) => String(row['run']))
  wake(select({ status: 'running' }))
  for (const { name, versions } of registry.carried())
    wake(select({ status: 'waiting', waiting_for: 'task', task: name, version: { in: versions } }))
  const since = (log.eventAt(log.position())?.at ?? 0) - Math.max(lingerMs, LINGERS_MS)
  // One that waits for code is not among them: without that code nobody can look, and with it it was woken above.
  const resting = select({ status: 'waiting', waiting_for: { not: 'task' }, updated_at: { gte: since } })
  wake(resting.splice(0, AT_ONCE))
  let stop = () => {}
  const goOn = () => {
    if (resting.length === 0) return
    stop = clock.at(clock.now() + EVERY_MS, () => {
      wake(resting.splice(0, THEN))
      goOn()
    })
  }
  goOn()
  return () => stop()
}
