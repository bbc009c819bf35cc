/** A store that many processes carry side by side: found out from the store, dispatched through its database, or by Restate. */
import { hostname } from 'node:os'
import { messageOf } from '../errors.ts'
import { PostgresDispatcher, type Database } from '../dispatch/postgres/index.ts'
import type { Notifier, RestateDispatch } from '../dispatch/restate/index.ts'
import type { Clock, Log } from '../log/index.ts'
import type { Dispatcher, Surroundings } from '../run/index.ts'
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

export interface ByRestateOptions extends Omit<AmongOptions, 'name'> {
  readonly restate: RestateDispatch
  readonly database: Database
}

/** What hands out runs to this process by way of Restate; nothing, if it has code for none. @throws {RestateSdkMissing} @throws {BadDispatch} */
export async function dispatcherByRestate({
  restate,
  database,
  surroundings,
  registry,
  carrier,
  concurrency,
}: ByRestateOptions): Promise<Dispatcher | undefined> {
  const tasks = [...registry.carried()]
  if (tasks.length === 0) return undefined
  const { RestateDispatcher, loadSdk, storeId } = await import('../dispatch/restate/index.ts')
  const { log, clock, logger, random } = surroundings
  const dispatcher = new RestateDispatcher({
    restate,
    sdk: await loadSdk(),
    log,
    clock,
    carrier,
    concurrency,
    store: await storeId(database),
    tasks,
    hostname: isHere(restate.ingress) ? '127.0.0.1' : hostname(),
    random,
    told: (message, error) => logger.warn(message, error === undefined ? {} : { error }),
  })
  await dispatcher.begin()
  return dispatcher
}

/** For a process that carries nothing: what tells Restate of the runs it starts or writes to. */
export async function notifierOf(
  restate: RestateDispatch,
  database: Database,
  { log, clock, logger }: Surroundings,
): Promise<Notifier> {
  const { Notifier, storeId } = await import('../dispatch/restate/index.ts')
  const failed = (error: unknown) =>
    logger.warn(
      `Restate is not told of what was written (a worker finds it within seconds): ${messageOf(error)}`,
      {
        error,
      },
    )
  return new Notifier({ restate, log, clock, store: await storeId(database), failed })
}

const isHere = (address: string): boolean => /^(?:localhost|127\..*|\[::1\])$/.test(new URL(address).hostname)
