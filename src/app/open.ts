/** Putting store, dispatcher and slices together. */
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { systemClock, type Clock, type Log } from '../log/index.ts'
import { serveRecall, type Embedder, type Serving } from '../memory/index.ts'
import { troubleWithPrices, type Models, type Prices } from '../model/index.ts'
import type { Classifier } from '../recovery/index.ts'
import { Generation, Registry, RunCarrier, watchAmbient, type Surroundings } from '../run/index.ts'
import { openSqlite } from '../store/sqlite/index.ts'
import type { AnyTask, ContextLog } from '../task/index.ts'
import { examine, listWorkers, prepare } from '../dispatch/postgres/index.ts'
import { BadDispatch, type Notifier, type RestateDispatch } from '../dispatch/restate/index.ts'
import { attach } from './attach.ts'
import { Carrying } from './carrying.ts'
import { BadRequest, BadStore } from './errors.ts'
import { featuresOf } from './features.ts'
import { idsBy, type Ids } from './ids.ts'
import { plainLogger } from './logger.ts'
import { projections } from './projections.ts'
import { dispatcherAmong, dispatcherByRestate, notifierBy, routeTo, sharingOf } from './sharing.ts'
import { Throughline } from './throughline.ts'
import { Watchers } from './watchers.ts'

export interface OpenOptions {
  /** A path, `file:./throughline.db` (the default), `memory:`, or `postgres://user:password@host/database`. */
  readonly store?: string | Log
  readonly tasks?: readonly AnyTask[]
  /** Who says which process carries which run: the store itself, unless told; or `restate({ … })`. */
  readonly dispatch?: RestateDispatch
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
  /** Models by the names that tasks use for them in `ctx.model`; names that are none of these go to the AI SDK's default provider. */
  readonly models?: Models
  /** Asked first what a failure of a model or a tool is: a mode, or undefined where it is none of theirs. */
  readonly classifiers?: readonly Classifier[]
  /** What models cost, in USD a million tokens, before the table that comes with the package: `{ 'acme/large': { input: 2, output: 8 } }`. */
  readonly prices?: Prices
  /** Says what items mean, for recall, in place of the table that comes with the package: any embedding model of the AI SDK. */
  readonly embedder?: Embedder
  /** How long a waiting run stays in memory; 1 s unless told. */
  readonly lingerMs?: number
  /** How long a body may await nothing of ours before it is shown as stalled; 5 minutes unless told. */
  readonly stalledMs?: number
}

/** Taken when this module is loaded: what watches over bodies must not see the layer's own use. */
const chance = Math.random

/**
 * Opens a store and carries its runs.
 *
 * @example
 * const tl = await open({ store: 'file:./throughline.db', tasks: [review] })
 * @throws {BadStore} @throws {DuplicateTask} @throws {ForeignStore} @throws {StoreNewer}
 */
export async function open(options: OpenOptions = {}): Promise<Throughline> {
  const registry = new Registry(options.tasks ?? [])
  const trouble = options.prices && troubleWithPrices(options.prices)
  if (trouble !== undefined) throw new BadRequest(trouble, { prices: options.prices })
  const log =
    typeof options.store === 'object'
      ? options.store
      : await openAt(options.store ?? 'file:./throughline.db', options)
  const shared = sharingOf(log)
  const database = shared?.database
  if (options.dispatch && !database) {
    if (typeof options.store !== 'object') await log.close()
    throw new BadDispatch(
      'Restate hands out runs of a store on Postgres; a store in a file is carried by one process. Give store: "postgres://…", or leave out dispatch.',
    )
  }
  const clock = options.clock ?? shared?.clock ?? systemClock
  const newId = options.ids ?? idsBy(clock)
  const logger = options.logger ?? plainLogger()
  const watchers = new Watchers({ log, clock, logger })
  let notifier: Notifier | undefined
  const wake = (runId: string, isLate?: boolean) => (carrying.dispatcher ?? notifier)?.wake(runId, isLate)
  const surroundings: Surroundings = {
    log,
    clock,
    logger,
    newId,
    random: options.random ?? chance,
    wake,
    features: featuresOf(options),
    rested: () => carrying.dispatcher?.rearm(),
    released: (runId) => carrying.dispatcher?.released?.(runId),
    held: () => carrying.dispatcher?.held?.(),
    attach: (child, caller) => void attach({ log, clock, logger, watchers, wake }, child, caller),
    limits: { lingerMs: options.lingerMs ?? 1000, stalledMs: options.stalledMs ?? 300_000 },
    isDevelopment: process.env['NODE_ENV'] !== 'production',
    isStrict: options.strict ?? false,
  }
  const unwatch = surroundings.isDevelopment ? warnOfAmbient(surroundings) : () => {}
  const name = shared ? `${hostname()}/${process.pid}` : `${process.pid}`
  const carrier = new RunCarrier({
    surroundings,
    registry,
    name,
    ended: (runId) => watchers.tell(runId),
  })
  const concurrency = options.concurrency ?? 256
  const parts = { surroundings, registry, carrier, concurrency }
  const { dispatch } = options
  const routed = async () =>
    shared?.restate ?? (dispatch && database ? await routeTo(dispatch, database) : undefined)
  const among =
    shared &&
    (async () => {
      const route = await routed()
      return route
        ? dispatcherByRestate({ ...parts, route, ticks: shared.ticks })
        : dispatcherAmong(shared, { ...parts, name })
    })
  const carrying = new Carrying({ ...parts, shared: among })
  const stopListening = log.onCommit((isOurs) => {
    if (!isOurs) carrying.dispatcher?.look()
  })
  const stopRecall = serveRecall(log, servingOf(options))
  const close = async () => {
    unwatch()
    stopListening()
    const stopped = carrying.stop()
    carrier.letGo()
    // Together: what is handed out comes back when the carrier's patience with it ends, at the latest.
    await Promise.all([stopped, carrier.close()])
    await Promise.all([carrying.close(), notifier?.close()])
    watchers.close()
    await stopRecall()
    if (typeof options.store !== 'object') await log.close()
  }
  try {
    if (database && !options.isReadOnly) await prepare(database)
    if (options.worker !== false && !options.isReadOnly) await carrying.begin()
    const route = carrying.dispatcher || options.isReadOnly ? undefined : await routed()
    if (route) notifier = await notifierBy(route, shared?.ticks, surroundings)
  } catch (error) {
    await close()
    throw error
  }
  return new Throughline({
    log,
    registry,
    newId,
    watchers,
    clock,
    wake,
    lost(runId) {
      carrier.fence(runId)
      watchers.tell(runId)
    },
    look: () => carrying.dispatcher?.look(),
    isCarrying: () => carrying.dispatcher !== undefined,
    isAlone: shared === undefined,
    busy: () => carrying.dispatcher?.busy ?? 0,
    residents: () => carrier.residents,
    workers: async () => (database ? listWorkers(database) : []),
    deployment: async () => (database ? examine(database) : undefined),
    close,
  })
}

/** Recall reads a store that has an address on a thread of its own. */
function servingOf({ store = 'file:./throughline.db', embedder, isReadOnly = false }: OpenOptions): Serving {
  const model = embedder ? { embedder } : {}
  if (typeof store !== 'string' || store === 'memory:') return model
  const module = new URL(import.meta.url.endsWith('.ts') ? './reader.ts' : './reader.js', import.meta.url)
    .href
  if (/^postgres(?:ql)?:/i.test(store)) return { ...model, isReadOnly, reader: { module, store } }
  const file = fileOf(store)
  return { ...model, isReadOnly, file, reader: { module, store: file } }
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

/** Postgres is loaded when it is asked for. */
async function openAt(store: string, options: OpenOptions): Promise<Log> {
  if (!/^postgres(?:ql)?:/i.test(store)) return openStore(store, options)
  const { openPostgres } = await import('../store/postgres/index.ts')
  return openPostgres({ address: store, projections, ...settingsOf(options) })
}

type StoreOptions = Pick<OpenOptions, 'clock' | 'maxBodyBytes' | 'isReadOnly' | 'mustExist'>

function settingsOf(options: StoreOptions): StoreOptions {
  return {
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
    ...(options.isReadOnly === undefined ? {} : { isReadOnly: options.isReadOnly }),
    ...(options.mustExist === undefined ? {} : { mustExist: options.mustExist }),
  }
}

/** The store of this machine behind an address. @throws {BadStore} @throws {BadRequest} */
export function openStore(store: string, options: StoreOptions = {}): Log {
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
    ...settingsOf(options),
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
