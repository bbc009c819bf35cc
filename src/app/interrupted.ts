/**
 * What is looked at when a process becomes the one that carries runs: what its predecessor left.
 *
 *     running ─────────────────▶ woken at once
 *     waiting for code we have ▶ woken at once
 *     put to rest lately ──────▶ the newest at once, the others a few at a time
 *
 * The last are runs that may have been in an await no record shows. Nearly all of them have nothing to do, and there may be ten
 * thousand: looking at all of them at once would keep waiting whoever has something to do, and fill the memory.
 *
 * What this process has no code for is among the running: nobody else carries it now, and so it waits, visibly. That is recorded once.
 */
import type { Clock, Log, Query } from '../log/index.ts'
import type { Registry } from '../run/index.ts'

/** A body in a plain await may have been at rest on the record for this long and still be at work. */
const LINGERS_MS = 60_000
const AT_ONCE = 20
const THEN = 2
const EVERY_MS = 100

export interface Left {
  readonly log: Log
  readonly registry: Registry
  readonly clock: Clock
  readonly lingerMs: number
  readonly wake: (runId: string) => void
}

/** Wakes what was under way when the last owner went. Returns what ends looking. */
export async function wakeInterrupted({ log, registry, clock, lingerMs, wake }: Left): Promise<() => void> {
  const select = async (where: NonNullable<Query['where']>) => {
    const rows = await log.select('runs', { where, columns: ['run'], order: [{ desc: 'updated_at' }] })
    return rows.map((row) => String(row['run']))
  }
  const found = await select({ status: 'running' })
  for (const { name, versions } of registry.carried())
    found.push(
      ...(await select({ status: 'waiting', waiting_for: 'task', task: name, version: { in: versions } })),
    )
  const [newest] = await log.eventsAt([await log.position()])
  const since = (newest?.at ?? 0) - Math.max(lingerMs, LINGERS_MS)
  // One that waits for code is not among them: without that code nobody can look, and with it it was found above.
  const resting = await select({
    status: 'waiting',
    waiting_for: { not: 'task' },
    updated_at: { gte: since },
  })
  for (const run of [...found, ...resting.splice(0, AT_ONCE)]) wake(run)
  let stop = () => {}
  const goOn = () => {
    if (resting.length === 0) return
    stop = clock.at(clock.now() + EVERY_MS, () => {
      for (const run of resting.splice(0, THEN)) wake(run)
      goOn()
    })
  }
  goOn()
  return () => stop()
}
