/** Putting store, dispatcher and slices together. */
import { fileURLToPath } from 'node:url'
import { InProcessDispatcher } from '../dispatch/in-process/index.ts'
import { AlreadyThere, eventOf, systemClock, type Clock, type Log } from '../log/index.ts'
import {
  events,
  Generation,
  Registry,
  RunCarrier,
  watchAmbient,
  type Dispatcher,
  type Surroundings,
} from '../run/index.ts'
import { openSqlite } from '../store/sqlite/index.ts'
import type { AnyTask, ContextLog } from '../task/index.ts'
import { BadRequest, BadStore } from './errors.ts'
import { idsBy, type Ids } from './ids.ts'
import { wakeInterrupted } from './interrupted.ts'
import { plainLogger } from './logger.ts'
import { projections } from './projections.ts'
import { Throughline } from './throughline.ts'
import { Watchers } from './watchers.ts'

export interface OpenOptions {
  /** A path, `file:./throughline.db` (the default), or `memory:`. */
  readonly store?: string | Log
  readonly tasks?: readonly AnyTask[]
  /** Runs advanced at once; 256 unless told. Waiting runs take no place. */
  readonly concurrency?: number
  readonly clock?: Clock
  readonly ids?: Ids
  /** Draws for the jitter of retries, in [0, 1); Math.random unless told. */
  readonly random?: () => number
  readonly logger?: ContextLog
  /** False: a client only, which starts, signals and reads, and advances nothing. */
  readonly worker?: boolean
  /** The largest body recorded; 16 MiB unless told. */
  readonly maxBodyBytes?: number
  readonly isReadOnly?: boolean
  /** Halt a run whose record holds outcomes that its code never asked for, instead of listing them at its end. */
  readonly strict?: boolean
  /** Refuse to create the store. */
  readonly mustExist?: boolean
  /** How long a waiting run stays in memory; 1 s unless told. */
  readonly lingerMs?: number
  /** How long a body may await nothing of ours before it is shown as stalled; 5 minutes unless told. */
  readonly stalledMs?: number
}

/** Taken when this module is loaded: what watches over bodies must not see the layer's own use. */
const chance = Math.random
const TAKE_OVER_EVERY_MS = 100
/** Longer than a look at the lock takes, and shorter than anybody who opens a store notices. */
const GLANCE_MS = 5

/**
 * Opens a store and carries its runs.
 *
 * @example
 * const tl = await open({ store: 'file:./throughline.db', tasks: [review] })
 * @throws {BadStore} @throws {DuplicateTask} @throws {ForeignStore} @throws {StoreNewer}
 */
export async function open(options: OpenOptions = {}): Promise<Throughline> {
  const clock = options.clock ?? systemClock
  const registry = new Registry(options.tasks ?? [])
  const log =
    typeof options.store === 'object'
      ? options.store
      : openStore(options.store ?? 'file:./throughline.db', options)
  const newId = options.ids ?? idsBy(clock)
  const watchers = new Watchers(log)
  let dispatcher: Dispatcher | undefined
  const wake = (runId: string) => dispatcher?.wake(runId)
  const surroundings: Surroundings = {
    log,
    clock,
    logger: options.logger ?? plainLogger(),
    newId,
    random: options.random ?? chance,
    wake,
    rested: () => dispatcher?.rearm(),
    attach: (child, caller) => attach({ log, watchers, wake }, child, caller),
    limits: { lingerMs: options.lingerMs ?? 1000, stalledMs: options.stalledMs ?? 300_000 },
    isDevelopment: process.env['NODE_ENV'] !== 'production',
    isStrict: options.strict ?? false,
  }
  const unwatch = surroundings.isDevelopment ? warnOfAmbient(surroundings) : () => {}
  const carrier = new RunCarrier({
    surroundings,
    registry,
    name: `${process.pid}`,
    ended: (runId) => watchers.tell(runId),
  })
  let stopLooking = () => {}
  const takeOver = () => {
    if (!log.tryOwn()) return false
    dispatcher = new InProcessDispatcher({ log, clock, carrier, concurrency: options.concurrency ?? 256 })
    dispatcher.start()
    const { lingerMs } = surroundings.limits
    stopLooking = wakeInterrupted({ log, registry, dispatcher, clock, lingerMs })
    return true
  }
  let attempts: NodeJS.Timeout | undefined
  if (options.worker !== false && !options.isReadOnly && !takeOver()) {
    // It may have met somebody who only asked whether the runs are carried (Log.isOwned).
    await new Promise((resolve) => setTimeout(resolve, GLANCE_MS))
    if (!takeOver()) attempts = setInterval(() => takeOver() && clearInterval(attempts), TAKE_OVER_EVERY_MS)
  }
  const stopListening = log.onCommit((isOurs) => {
    if (!isOurs) dispatcher?.look()
  })
  return new Throughline({
    log,
    registry,
    newId,
    watchers,
    clock,
    wake,
    look: () => dispatcher?.look(),
    isCarrying: () => dispatcher !== undefined,
    busy: () => dispatcher?.busy ?? 0,
    residents: () => carrier.residents,
    async close() {
      unwatch()
      clearInterval(attempts)
      stopLooking()
      stopListening()
      const stopped = dispatcher?.stop()
      carrier.letGo()
      await stopped
      await carrier.close()
      watchers.close()
      if (typeof options.store !== 'object') await log.close()
    },
  })
}

/** In development: says once for each run carried here, and each function, what a replay cannot repeat. */
function warnOfAmbient(surroundings: Surroundings): () => void {
  const told = new WeakMap<object, Set<string>>()
  return watchAmbient(({ function: name, instead, owner }) => {
    if (!(owner instanceof Generation) || owner.surroundings !== surroundings) return
    const already = told.get(owner) ?? new Set<string>()
    if (already.has(name)) return
    told.set(owner, already.add(name))
    surroundings.logger.warn(
      `${name} was used in a task's body: a replay will see another value. Use ${instead}, or put it into ctx.step.`,
    )
  })
}

/** The store behind an address. @throws {BadStore} @throws {BadRequest} */
export function openStore(
  store: string,
  options: Pick<OpenOptions, 'clock' | 'maxBodyBytes' | 'isReadOnly' | 'mustExist'> = {},
): Log {
  const file = fileOf(store)
  if (file === ':memory:' && options.isReadOnly)
    throw new BadRequest(
      'A store in memory begins empty, so there is nothing to read in it; open "memory:" without isReadOnly, or give the path of a file.',
      { store },
    )
  return openSqlite({
    file,
    projections,
    projectionsModule: new URL(
      import.meta.url.endsWith('.ts') ? './projections.ts' : './projections.js',
      import.meta.url,
    ).href,
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
    ...(options.isReadOnly === undefined ? {} : { isReadOnly: options.isReadOnly }),
    ...(options.mustExist === undefined ? {} : { mustExist: options.mustExist }),
  })
}

/** The file behind an address, or `:memory:`. @throws {BadStore} */
export function fileOf(store: string): string {
  if (store === 'memory:') return ':memory:'
  if (store.startsWith('file:///')) return fileURLToPath(store)
  const path = store.startsWith('file:') ? store.slice('file:'.length) : store
  if (path === '' || /^[a-z][a-z0-9+.-]+:/i.test(path)) throw new BadStore(store)
  return path
}

/** A child somebody else started tells its own parent; this caller is told by whoever sees the child end. */
function attach(
  around: { readonly log: Log; readonly watchers: Watchers; readonly wake: (runId: string) => void },
  child: string,
  caller: string,
): void {
  const { log, watchers, wake } = around
  const [row] = log.select('runs', { where: { run: child } })
  if (!row || row['parent'] === caller) return
  watchers.watch(child, () => {
    const event = eventOf(events.messageSent, { kind: 'child', id: `child:${child}`, run: child })
    void log.commit({ appends: [{ stream: events.inboxOf(caller), expected: 'any', events: [event] }] }).then(
      () => wake(caller),
      (error: unknown) => {
        if (!(error instanceof AlreadyThere)) throw error
      },
    )
  })
}
