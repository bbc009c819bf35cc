/** A child that somebody else started tells its own parent; its caller here is told by whoever sees the child end. */
import { messageOf } from '../errors.ts'
import { AlreadyThere, eventOf, patiently, type Clock, type Log } from '../log/index.ts'
import { events } from '../run/index.ts'
import type { ContextLog } from '../task/index.ts'
import { isOver, type Watchers } from './watchers.ts'

export interface Around {
  readonly log: Log
  readonly clock: Clock
  readonly logger: ContextLog
  readonly watchers: Watchers
  readonly wake: (runId: string) => void
}

/** Never rejects. */
export async function attach(around: Around, child: string, caller: string): Promise<void> {
  const { log, watchers } = around
  const query = { where: { run: child }, columns: ['parent', 'status', 'updated_at'] }
  for (;;) {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const stopWatching = watchers.watch(child, resolve)
    const [row] = (await asked(around, caller, () => log.select('runs', query))) ?? []
    if (row && row['parent'] !== caller && !isOver(row['status'])) {
      await ended
      continue // it may have been lifted in the meantime
    }
    stopWatching()
    if (row && row['parent'] !== caller) await tell(around, child, caller, Number(row['updated_at']))
    return
  }
}

/** Once for each end: one that halted and was lifted has another. */
async function tell(around: Around, child: string, caller: string, endedAt: number): Promise<void> {
  const event = eventOf(events.messageSent, { kind: 'child', id: `child:${child}:${endedAt}`, run: child })
  const change = {
    appends: [{ stream: events.inboxOf(caller), expected: 'any' as const, events: [event] }],
  }
  if (await asked(around, caller, () => around.log.commit(change))) around.wake(caller)
}

/** What the store says, or nothing: it said that it knows already, or it failed, and a person is told. */
async function asked<T>({ clock, logger, watchers }: Around, run: string, ask: () => Promise<T>) {
  try {
    const isOver = () => watchers.isClosed
    return await patiently(ask, { clock, isOver, told: (why) => logger.warn(why, { run }) })
  } catch (error) {
    if (!watchers.isClosed && !(error instanceof AlreadyThere))
      logger.error(`${run} cannot be told of the end of a run it called: ${messageOf(error)}`, { run, error })
    return undefined
  }
}
