/** A store that many processes carry side by side: found out from the store, dispatched through tables that they share. */
import { messageOf } from '../errors.ts'
import {
  PostgresDispatcher,
  sharedTables,
  type Database,
  type Tables,
  type Ticks,
  type Worker,
} from '../dispatch/postgres/index.ts'
import type { Clock, Log } from '../log/index.ts'
import type { Dispatcher } from '../run/index.ts'
import type { CarryingOptions } from './carrying.ts'

/** What a store that many share brings with it. A simulated one brings tables of its own, and its own time. */
export interface Sharing {
  readonly clock: Clock
  readonly tablesFor: (worker: Worker) => Tables
  readonly ticks?: Ticks
  /** Where the tables are in a real database. */
  readonly database?: Database
}

interface OfDatabase extends Log {
  readonly database: Database
  readonly clock: Clock
}

/** How a store is shared, if it is one that many share. */
export function sharingOf(log: Log): Sharing | undefined {
  if (isSimulated(log)) return log.sharing
  if (!isOfDatabase(log)) return undefined
  const { database, clock } = log
  return { database, clock, tablesFor: (worker) => sharedTables(database, clock, worker) }
}

function isSimulated(log: Log): log is Log & { readonly sharing: Sharing } {
  return 'sharing' in log
}

function isOfDatabase(log: Log): log is OfDatabase {
  return 'database' in log && 'clock' in log
}

export interface AmongOptions extends Omit<CarryingOptions, 'shared'> {
  /** Where this process runs, for people. */
  readonly name: string
}

/** What hands out runs to this process, one of many; nothing, if it has code for none. @throws what the database says */
export async function dispatcherAmong(
  { tablesFor, ticks }: Sharing,
  { surroundings, registry, carrier, concurrency, name }: AmongOptions,
): Promise<Dispatcher | undefined> {
  const tasks = [...registry.carried()]
  if (tasks.length === 0) return undefined
  const { clock, logger, newId } = surroundings
  const dispatcher = new PostgresDispatcher({
    tables: tablesFor({ id: newId('worker'), name, concurrency, tasks }),
    clock,
    carrier,
    concurrency,
    ticks,
    failed: (error) =>
      logger.warn(`The database cannot be asked for runs right now: ${messageOf(error)}`, { error }),
  })
  await dispatcher.begin()
  return dispatcher
}
