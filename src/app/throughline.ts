/** The layer as its users hold it. */
import type { Clock, Log, Position, StoredEvent, Verdict } from '../log/index.ts'
import type { Deployment, WorkerRow } from '../dispatch/postgres/index.ts'
import type { Registry } from '../run/index.ts'
import type { BoundaryReport } from '../boundary/index.ts'
import {
  Briefs,
  openHandoffs,
  Threads,
  type Acknowledgement,
  type AcknowledgeOptions,
  type Brief,
  type BriefOptions,
  type Handoff,
} from '../continuity/index.ts'
import { Memory } from '../memory/index.ts'
import { Inbox } from '../oversight/index.ts'
import { failuresOf, type Failures, type FailuresQuery } from '../recovery/index.ts'
import { isTask, type AnyTask, type Task } from '../task/index.ts'
import { readBoundary, type BoundaryOptions } from './boundary.ts'
import { BadRequest, Closed } from './errors.ts'
import { RunHandle, type HandleOptions } from './handle.ts'
import type { Ids } from './ids.ts'
import { archiveRuns, type Archived, type ArchiveOptions } from './archive.ts'
import { pruneRuns, type Pruned, type PruneOptions } from './prune.ts'
import { listRuns, type RunsPage, type RunsQuery } from './rows.ts'
import { startRun, type StartOptions } from './start.ts'
import { exportLines, importLines, type ExportOptions, type Imported } from './transfer.ts'
import type { Watchers } from './watchers.ts'

export interface ThroughlineParts {
  readonly log: Log
  readonly registry: Registry
  readonly newId: Ids
  readonly watchers: Watchers
  readonly clock: Clock
  readonly wake: (runId: string) => void
  /** What a run did was erased: whoever carries it here lets go, whoever waits for it is told. */
  readonly lost: (runId: string) => void
  /** A wake-up by time was recorded. */
  readonly look: () => void
  readonly isCarrying: () => boolean
  /** One process carries the runs of this store, not many. */
  readonly isAlone: boolean
  readonly busy: () => number
  readonly residents: () => number
  readonly workers: () => Promise<readonly WorkerRow[]>
  readonly deployment: () => Promise<Deployment | undefined>
  readonly close: () => Promise<void>
}

type Progress = (done: number, total: number) => void

export class Throughline {
  readonly #parts: ThroughlineParts
  readonly #memory: Memory
  readonly #threads: Threads
  readonly #briefs: Briefs
  readonly #inbox: Inbox
  #closing: Promise<void> | undefined

  constructor(parts: ThroughlineParts) {
    this.#parts = parts
    this.#memory = new Memory(parts.log, parts.newId, { now: () => parts.clock.now(), lost: parts.lost })
    this.#threads = new Threads(parts.log, parts.newId)
    this.#briefs = new Briefs(parts.log, this.#memory, parts.wake)
    this.#inbox = new Inbox({ ...parts, now: () => parts.clock.now() })
  }

  /** Starts a run, or gives the one that has the key. @throws {InvalidValue} @throws {KeyReused} */
  async start<I, O>(task: Task<I, O> | string, input: I, options: StartOptions = {}): Promise<RunHandle<O>> {
    this.#checkOpen()
    if (typeof task !== 'string' && !isTask(task))
      throw new BadRequest(
        'start(task, input) needs a task made by task({ … }), or the name of a registered one.',
      )
    const code: AnyTask =
      typeof task === 'string' ? this.#parts.registry.get(task) : (task as unknown as AnyTask)
    const { run, isNew } = await startRun(this.#parts.log, this.#parts.newId, code, input, options)
    if (isNew && options.at === undefined) this.#parts.wake(run)
    else if (isNew) this.#parts.look()
    return this.#handle<O>(run)
  }

  /** The handle of a run. @throws {RunNotFound} */
  async run<O = unknown>(id: string): Promise<RunHandle<O>> {
    this.#checkOpen()
    const handle = this.#handle<O>(id)
    await handle.status()
    return handle
  }

  /**
   * From now on its runs are carried here as well, those that waited for its code included.
   * @throws {DuplicateTask} @throws {BadRequest} where many share the store: each worker says what it carries when it opens it
   */
  async register(task: AnyTask): Promise<void> {
    this.#checkOpen()
    const { registry, log, wake, isAlone } = this.#parts
    if (registry.codeFor(task.name, task.version) === task) return
    if (!isAlone)
      throw new BadRequest(
        `Task "${task.name}" comes too late: a worker of a store that many share says what it carries when it opens it. Pass it in open({ tasks }).`,
        { task: task.name },
      )
    registry.add(task)
    const where = { status: 'waiting', waiting_for: 'task', task: task.name }
    for (const row of await log.select('runs', { where, columns: ['run'] })) wake(String(row['run']))
  }

  readonly runs = {
    /** Runs, newest first, a page at a time. */
    list: async (query: RunsQuery = {}): Promise<RunsPage> => {
      this.#checkOpen()
      return listRuns(this.#parts.log, query)
    },
    /** Removes runs that ended before a date; their heads stay, so that every chain still verifies. */
    prune: async (options: PruneOptions): Promise<Pruned> => {
      this.#checkOpen()
      return pruneRuns(this.#parts.log, options)
    },
    /** Moves the events of runs that ended before a date out of the way of what is written. @throws {BadRequest} on a store without an archive */
    archive: async (options: ArchiveOptions): Promise<Archived> => {
      this.#checkOpen()
      return archiveRuns(this.#parts.log, options)
    },
  }

  /** Working memory: what was decided, promised, asked and learned, and why. */
  get memory(): Memory {
    this.#checkOpen()
    return this.#memory
  }

  /** Lines of work that outlive runs: put down, and picked up weeks later. */
  get threads(): Threads {
    this.#checkOpen()
    return this.#threads
  }

  /** What runs ask of people: questions and approvals, and their answers. */
  get inbox(): Inbox {
    this.#checkOpen()
    return this.#inbox
  }

  /**
   * What whoever takes over a run or a thread is given: made from the record alone, within a budget of tokens.
   * @throws {RunNotFound} @throws {ThreadNotFound} @throws {BriefTooLarge} @throws {BriefUnknown}
   */
  async brief(id: string, options: BriefOptions = {}): Promise<Brief> {
    this.#checkOpen()
    return this.#briefs.brief(id, options)
  }

  /**
   * The limits of a task, a sentence each; with `run`, those that its callers handed down as well, and what was spent of them.
   * @throws {UnknownTask} @throws {RunNotFound} @throws {BadRequest} if the run is of another task
   */
  async boundary<I, O>(
    task: Task<I, O> | string | undefined,
    options: BoundaryOptions = {},
  ): Promise<BoundaryReport> {
    this.#checkOpen()
    const { log, registry } = this.#parts
    return readBoundary(log, registry, task as unknown as AnyTask | string | undefined, options) // whatever it takes and gives
  }

  /** Runs that wait to be taken over, the oldest first; those for one name, if it is given. */
  async handoffs({ to }: { readonly to?: string } = {}): Promise<readonly Handoff[]> {
    this.#checkOpen()
    return openHandoffs(this.#parts.log, { to })
  }

  /** Binds a reader to what a brief says, by its digest, and takes over the run if it waits for that reader. @throws {BriefUnknown} @throws {BriefStale} @throws {HandoffTaken} */
  async acknowledge(briefId: string, options: AcknowledgeOptions): Promise<Acknowledgement> {
    this.#checkOpen()
    return this.#briefs.acknowledge(briefId, options)
  }

  /** Which modes of failure tasks declare a way out for, which they met, how those ended, and which nobody thought of. */
  async failures(query: FailuresQuery = {}): Promise<Failures> {
    this.#checkOpen()
    return failuresOf(this.#parts.log, this.#parts.registry.newest(), query)
  }

  /** The events of a stream. */
  async *history(stream: string): AsyncGenerator<StoredEvent> {
    this.#checkOpen()
    for await (const page of this.#parts.log.read(stream)) yield* page
  }

  /** Every event after `from` as it is committed, until `signal` aborts. */
  follow(from: Position, signal: AbortSignal): AsyncIterable<StoredEvent> {
    this.#checkOpen()
    return this.#parts.log.follow(from, signal)
  }

  /** Recomputes every hash, and names what does not fit. */
  async verify(stream?: string, onProgress?: Progress): Promise<Verdict> {
    this.#checkOpen()
    return this.#parts.log.verify(stream, onProgress)
  }

  /** Drops and rebuilds every projection. */
  async rebuild(onProgress?: Progress): Promise<{ readonly events: number }> {
    this.#checkOpen()
    return this.#parts.log.rebuild(onProgress)
  }

  /** A run, or the whole store, as lines of JSON. */
  export(options: ExportOptions = {}): AsyncGenerator<string> {
    this.#checkOpen()
    return exportLines(this.#parts.log, options)
  }

  /** Takes in what `export` gave; the runs go on where they stood. @throws {ChainBroken} @throws {BadImport} */
  async import(lines: Iterable<string>): Promise<Imported> {
    this.#checkOpen()
    const imported = await importLines(this.#parts.log, lines)
    for (const run of imported.unfinished) this.#parts.wake(run)
    return imported
  }

  /** Whether this process advances the runs; false for a client, and while another process does. */
  get isCarrying(): boolean {
    return this.#parts.isCarrying()
  }

  /** Nobody else carries runs of this store meanwhile: it is a file, or in memory. */
  get isAlone(): boolean {
    return this.#parts.isAlone
  }

  /** Runs under way in this process right now, and those kept in memory. */
  get load(): { readonly busy: number; readonly residents: number } {
    return { busy: this.#parts.busy(), residents: this.#parts.residents() }
  }

  /** The living workers of a store that many share; empty where one process carries everything. */
  async workers(): Promise<readonly WorkerRow[]> {
    this.#checkOpen()
    return this.#parts.workers()
  }

  /** Of a store that many share: its server, its workers, and the tasks that none of them carries. */
  async deployment(): Promise<Deployment | undefined> {
    this.#checkOpen()
    return this.#parts.deployment()
  }

  /** The record itself, for rooms and tools that read it. */
  get log(): Log {
    return this.#parts.log
  }

  /** Waits for effects in flight (30 s at most), then lets go of the runs; they go on when the store is next opened. */
  close(): Promise<void> {
    this.#closing ??= this.#parts.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #handle<O>(id: string): RunHandle<O> {
    const { log, registry, watchers, newId, wake } = this.#parts
    const options: HandleOptions = {
      log,
      watchers,
      newId,
      now: () => this.#parts.clock.now(),
      wake,
      brief: (run, how) => this.brief(run, how),
      codeFor: (name, version) => registry.codeFor(name, version),
      isClosed: () => this.#closing !== undefined,
    }
    return new RunHandle<O>(id, options)
  }

  #checkOpen(): void {
    if (this.#closing) throw new Closed()
  }
}
