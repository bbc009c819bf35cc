/** A store that many processes carry side by side: found out from the store, dispatched through tables that they share, or by Restate. */
import { hostname } from 'node:os'
import { messageOf } from '../errors.ts'
import {
  PostgresDispatcher,
  sharedTables,
  type Database,
  type Tables,
  type Worker,
} from '../dispatch/postgres/index.ts'
import type { Notifier, RestateDispatch, Route } from '../dispatch/restate/index.ts'
import type { Ticks } from '../dispatch/ticks.ts'
import type { Clock, Log } from '../log/index.ts'
import type { Dispatcher, Surroundings } from '../run/index.ts'
import type { CarryingOptions } from './carrying.ts'

/** What a store that many share brings with it. A simulated one brings tables of its own, and its own time. */
export interface Sharing {
  readonly clock: Clock
  readonly tablesFor: (worker: Worker) => Tables
  readonly ticks?: Ticks
  /** Where the tables are in a real database. */
  readonly database?: Database
  /** Restate says who carries what, and not the tables. */
  readonly restate?: Route
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

/** The way to a Restate, for a store in a database. @throws what the database says */
export async function routeTo(restate: RestateDispatch, database: Database): Promise<Route> {
  const { HttpIngress, storeId } = await import('../dispatch/restate/index.ts')
  const store = await storeId(database)
  return {
    store,
    ingress: () => new HttpIngress(restate.ingress, store),
    async wire(told) {
      const { httpWire, loadSdk } = await import('../dispatch/restate/worker.ts')
      const here = isHere(restate.ingress) ? '127.0.0.1' : hostname()
      return httpWire({ restate, sdk: await loadSdk(), store, hostname: here, told })
    },
  }
}

export interface ByRestateOptions extends Omit<AmongOptions, 'name'> {
  readonly route: Route
  readonly ticks: Ticks | undefined
}

/** What hands out runs to this process by way of Restate; nothing, if it has code for none. @throws {RestateSdkMissing} @throws {BadDispatch} */
export async function dispatcherByRestate({
  route,
  ticks,
  surroundings,
  registry,
  carrier,
  concurrency,
}: ByRestateOptions): Promise<Dispatcher | undefined> {
  const tasks = [...registry.carried()]
  if (tasks.length === 0) return undefined
  const { RestateDispatcher } = await import('../dispatch/restate/worker.ts')
  const { log, clock, logger, random } = surroundings
  const told = (message: string, error?: unknown) =>
    logger.warn(message, error === undefined ? {} : { error })
  const dispatcher = new RestateDispatcher({
    wire: await route.wire(told),
    log,
    clock,
    ticks,
    carrier,
    concurrency,
    store: route.store,
    tasks,
    random,
    told,
  })
  await dispatcher.begin()
  return dispatcher
}

/** For a process that carries nothing: what tells Restate of the runs it starts or writes to. */
export async function notifierBy(
  route: Route,
  ticks: Ticks | undefined,
  { log, clock, logger }: Surroundings,
): Promise<Notifier> {
  const { Notifier } = await import('../dispatch/restate/index.ts')
  const failed = (error: unknown) =>
    logger.warn(
      `Restate is not told of what was written (a worker finds it within seconds): ${messageOf(error)}`,
      {
        error,
      },
    )
  return new Notifier({ ingress: route.ingress(), log, clock, ticks, failed })
}

const isHere = (address: string): boolean => /^(?:localhost|127\..*|\[::1\])$/.test(new URL(address).hostname)
