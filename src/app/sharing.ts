/** A store that many processes carry side by side: found out from the store, dispatched through its database. */
import { messageOf } from '../errors.ts'
import { PostgresDispatcher, type Database } from '../dispatch/postgres/index.ts'
import type { Clock, Log } from '../log/index.ts'
import type { Dispatcher } from '../run/index.ts'
import type { CarryingOptions } from './carrying.ts'

interface Shared extends Log {
  readonly database: Database
  readonly clock: Clock
}

/** The log itself, where its store is a database that many share. */
export function sharedBy(log: Log): Shared | undefined {
  return isShared(log) ? log : undefined
}

function isShared(log: Log): log is Shared {
  return 'database' in log && 'clock' in log
}

export interface AmongOptions extends Omit<CarryingOptions, 'shared'> {
  /** Where this process runs, for people. */
  readonly name: string
}

/** What hands out runs to this process, one of many; nothing, if it has code for none. @throws what the database says */
export async function dispatcherAmong(
  database: Database,
  { surroundings, registry, carrier, concurrency, name }: AmongOptions,
): Promise<Dispatcher | undefined> {
  const tasks = [...registry.carried()]
  if (tasks.length === 0) return undefined
  const { clock, logger, newId } = surroundings
  const dispatcher = new PostgresDispatcher({
    database,
    clock,
    carrier,
    concurrency,
    id: newId('worker'),
    name,
    tasks,
    failed: (error) =>
      logger.warn(`The database cannot be asked for runs right now: ${messageOf(error)}`, { error }),
  })
  await dispatcher.begin()
  return dispatcher
}
