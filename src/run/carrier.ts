/**
 * Carrying runs in this process: taking them over, replaying them, keeping them while they work, letting go while they wait.
 *
 * K1. A run is taken over with an event of its own (`run.claimed`), and an epoch is one generation's. It is handed on only by one that was
 *     put out of memory at rest, with nothing of it on its way to the store: waking it again is no new take-over. Any other generation
 *     may still have a commit under way, which must not fit any more when the next one has read the record.
 * K2. What is read before a run is taken over may be of a former owner's time: the taking over succeeds only if none of it has
 *     changed, and what the run goes by is read afterwards.
 * K3. At most one generation of a run lives in a process; a second `advance` joins the first.
 * K4. A run is taken over only while this process is sure that it is its turn, and once it turns out to be somebody else's, whatever was
 *     under way to load it comes to nothing.
 * K5. That a run waits for code is noted once, and not again by whoever else has no code for it.
 */
import {
  eventOf,
  GuardFailed,
  OwnershipLost,
  patiently,
  type Head,
  type Log,
  type Row,
} from '../log/index.ts'
import { contextFor } from './context.ts'
import {
  chapterStream,
  runAwaitedOutside,
  runCancelling,
  runClaimed,
  runResumed,
  runSuspended,
} from './events.ts'
import { RunErased } from './errors.ts'
import { Generation } from './generation.ts'
import { History, readChapter } from './history.ts'
import { Mailbox, type Ask } from './mailbox.ts'
import type { Carrier } from './port.ts'
import type { Registry } from './registry.ts'
import { ERASED } from './rows.ts'
import type { Surroundings } from './surroundings.ts'

export interface CarrierOptions {
  readonly surroundings: Surroundings
  readonly registry: Registry
  /** Who this process is, for the record. */
  readonly name: string
  /** A run ended, or halted: those who wait for it are told. */
  readonly ended: (runId: string) => void
}

const LATE_LINGER_MS = 30_000
const LONGEST_LINGER_MS = 3_600_000
const PATIENCE_MS = 30_000
const TRY_AGAIN_MS = 10_000

/** A run on its way into memory, until it first comes to rest. */
interface Loading {
  done: Promise<void>
  /** It is somebody else's: nothing is begun, and nobody who joined goes on with it. */
  isLost: boolean
}

export class RunCarrier implements Carrier {
  readonly #options: CarrierOptions
  readonly #log: Log
  readonly #generations = new Map<string, Generation>()
  readonly #loading = new Map<string, Loading>()
  /** Streams that this process owns and nothing of it works on: the epoch that was left to the next generation (K1). */
  readonly #left = new Map<string, number>()
  /** Runs whose bodies awaited something outside a step: they are kept longer. */
  readonly #lingering = new Map<string, { readonly times: number; operation: string | undefined }>()
  #isClosed = false

  constructor(options: CarrierOptions) {
    this.#options = options
    this.#log = options.surroundings.log
  }

  /** How many runs live in memory. */
  get residents(): number {
    return this.#generations.size
  }

  isAdvancing(runId: string): boolean {
    return this.#generations.has(runId) || this.#loading.get(runId)?.isLost === false
  }

  advance(runId: string): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    const generation = this.#generations.get(runId)
    if (generation) return generation.advance()
    const under = this.#loading.get(runId)
    if (under) {
      const isOver = under.isLost // then this is another turn, which begins when the one that was lost has come to its end
      return under.done.then(() => (under.isLost && !isOver ? undefined : this.advance(runId)))
    }
    const loading: Loading = { done: Promise.resolve(), isLost: false }
    loading.done = this.#load(runId, loading)
      .catch((error: unknown) => this.#cannotLoad(runId, error))
      .finally(() => this.#loading.delete(runId))
    this.#loading.set(runId, loading)
    return loading.done
  }

  fence(runId: string): void {
    this.#lose(runId)
    this.#generations.get(runId)?.close('fenced')
  }

  async yield(runId: string): Promise<void> {
    this.#lose(runId)
    const generation = this.#generations.get(runId)
    generation?.yield()
    await generation?.released
  }

  #lose(runId: string): void {
    const loading = this.#loading.get(runId)
    if (loading) loading.isLost = true
  }

  async confirm(runId: string): Promise<boolean> {
    const generation = this.#generations.get(runId)
    if (!generation) return !this.#loading.has(runId)
    return (await this.#log.head(generation.stream))?.epoch === generation.epoch
  }

  /** Begins nothing more: what is in flight is finished and recorded, then each run is let go. */
  letGo(): void {
    this.#isClosed = true
    for (const generation of this.#generations.values()) generation.letGo()
  }

  /** Resolves when every run is let go, or after `PATIENCE_MS`. */
  async close(): Promise<void> {
    const { clock } = this.#options.surroundings
    let stop = () => {}
    const patience = new Promise<void>((resolve) => (stop = clock.at(clock.now() + PATIENCE_MS, resolve)))
    await Promise.race([
      Promise.all([...this.#generations.values()].map((generation) => generation.released)),
      patience,
    ])
    stop()
    for (const generation of this.#generations.values()) generation.close('fenced')
  }

  #cannotLoad(runId: string, error: unknown): void {
    if (error instanceof OwnershipLost) return this.#lose(runId)
    if (this.#isClosed) return
    this.#options.surroundings.logger.error(
      `${runId} cannot be carried: ${error instanceof Error ? error.message : String(error)}`,
      { run: runId, error },
    )
  }

  /** Asks the store until it answers, or until this process lets go of its runs. */
  readonly #ask: Ask = (ask) => {
    const { clock, logger } = this.#options.surroundings
    const unlessClosed = () =>
      this.#isClosed ? Promise.reject(new Error('This process lets go of its runs.')) : ask()
    return patiently(unlessClosed, { clock, isOver: () => false, told: (why) => logger.warn(why) })
  }

  async #load(runId: string, loading: Loading): Promise<void> {
    const columns = ['chapter', 'ended_at', 'lifts', 'task', 'version', 'status', 'waiting_for']
    const [row] = await this.#ask(() => this.#log.select('runs', { where: { run: runId }, columns }))
    if (row?.['status'] === ERASED) throw new RunErased(runId)
    if (!row || row['ended_at'] !== null) return
    // Halted: taking it over would say that it runs. Only a person's word lifts that.
    if (row['lifts'] === 1 && !(await this.#isLifted(runId))) return
    const hasCode = this.#options.registry.codeFor(String(row['task']), String(row['version'])) !== undefined
    if (!hasCode && row['status'] === 'waiting' && row['waiting_for'] === 'task') return
    const stream = chapterStream(runId, Number(row['chapter']))
    const head = await this.#ask(() => this.#log.head(stream))
    if (!head) return
    const epoch = await this.#claim(row, head, { run: runId, hasCode, loading })
    if (loading.isLost) return
    if (epoch === undefined) return this.#load(runId, loading)
    await this.#carry(runId, head, { epoch, loading })
  }

  /** Goes on with a run that is this process's. */
  async #carry(
    runId: string,
    head: Head,
    { epoch, loading }: { readonly epoch: number; readonly loading: Loading },
  ): Promise<void> {
    const { stream } = head
    const mailbox = new Mailbox(this.#log, runId)
    const chapter = this.#ask(() => readChapter(this.#log, head))
    const [recorded] = await Promise.all([chapter, mailbox.refresh(this.#ask)])
    const history = new History(recorded)
    const cancel = mailbox.messages.find((message) => message.kind === 'cancel')
    const resume = mailbox.messages.find((message) => message.kind === 'resume')
    const record = (events: Parameters<Log['commit']>[0]['appends'][number]['events']) =>
      this.#ask(() => this.#log.commit({ appends: [{ stream, expected: { epoch }, events }] }))
    const lifting = resume ?? (history.cancelling ? cancel : undefined)
    if (history.halted && lifting) {
      await record([eventOf(runResumed, { message: lifting.id })])
      mailbox.take(lifting)
      history.resumed++
    }
    const task = this.#options.registry.codeFor(history.started.task, history.started.version)
    if (!task) {
      const { task: name, version } = history.started
      await record([eventOf(runSuspended, { waits: [{ kind: 'task', name: `${name}@${version}` }] })])
      return
    }
    if (this.#isClosed) return
    if (cancel && !history.cancelling) {
      // Told to stop before it was carried: nothing of the body may begin, what it did before is replayed to be undone.
      await record([eventOf(runCancelling, { reason: cancel.reason, message: cancel.id })])
      mailbox.take(cancel)
      history.cancelling = { reason: cancel.reason }
    }
    const late = this.#lingering.get(runId)
    if (late?.operation !== undefined) {
      // Not by the generation, whose commits are never answered once the run is somebody else's.
      await record([eventOf(runAwaitedOutside, { operation: late.operation })])
      late.operation = undefined
    }
    const generation: Generation = new Generation({
      surroundings: this.#options.surroundings,
      task,
      stream,
      epoch,
      history,
      mailbox,
      lingerMs: this.#lingerMs(late?.times ?? 0),
      late: (operation) => this.#late(runId, operation),
      closed: (how) => this.#closed(runId, generation, how),
    })
    if (this.#isClosed || loading.isLost) return
    this.#generations.set(runId, generation)
    const ctx = contextFor(generation, generation.root)
    // The input was checked against the task's schema when the run was started.
    generation.start(async () => task.run(ctx, history.started.input as never))
    await generation.rested()
  }

  /** Whether a person's word that lifts a halt lies in the inbox. */
  async #isLifted(runId: string): Promise<boolean> {
    const where = { run: runId, taken: null, kind: { in: ['resume', 'cancel'] } }
    const words = this.#ask(() => this.#log.select('inbox', { where, limit: 1, columns: ['id'] }))
    return (await words).length > 0
  }

  /** Takes a run over; undefined if it ended, halted, was lifted or went on in a new chapter since it was read. */
  async #claim(
    read: Row,
    head: Head,
    { run, hasCode, loading }: { readonly run: string; readonly hasCode: boolean; readonly loading: Loading },
  ): Promise<number | undefined> {
    const left = this.#left.get(head.stream)
    this.#left.delete(head.stream)
    if (left === head.epoch) return left
    const event = eventOf(runClaimed, { by: this.#options.name })
    const changed = [
      { ended_at: { not: null } },
      { chapter: { not: read['chapter'] ?? null } },
      { lifts: { not: read['lifts'] ?? null } },
      ...(hasCode ? [] : [{ status: { not: read['status'] ?? null } }]),
    ]
    const change = {
      appends: [{ stream: head.stream, expected: { claim: head.epoch }, events: [event] }],
      unless: changed.map((test) => ({ table: 'runs', where: { run, ...test } })),
    }
    const { held } = this.#options.surroundings
    try {
      await this.#ask(async () => {
        // What was read may have been long on its way, and the run gone on elsewhere: it is not taken back from there.
        await held()
        if (!loading.isLost) await this.#log.commit(change)
      })
    } catch (error) {
      if (error instanceof GuardFailed) return undefined
      throw error
    }
    return head.epoch + 1
  }

  #closed(
    runId: string,
    generation: Generation,
    how: 'ended' | 'evicted' | 'fenced' | 'restarted' | 'failed',
  ): void {
    if (this.#generations.get(runId) === generation) this.#generations.delete(runId)
    if (how === 'fenced') this.#lose(runId)
    if (how === 'evicted' && !generation.isCommitting) this.#left.set(generation.stream, generation.epoch)
    if (how === 'ended') {
      this.#lingering.delete(runId)
      this.#options.ended(runId)
    }
    const { clock, released, wake } = this.#options.surroundings
    if (how === 'ended' || how === 'evicted') released(runId)
    if (how === 'restarted') wake(runId)
    // The store failed it: perhaps not for ever.
    if (how === 'failed') clock.at(clock.now() + TRY_AGAIN_MS, () => wake(runId, true))
  }

  /** Longer each time that a body turned out to have been put to rest in the middle of something. */
  #lingerMs(times: number): number {
    const { lingerMs } = this.#options.surroundings.limits
    if (times === 0) return lingerMs
    return Math.min(LONGEST_LINGER_MS, Math.max(LATE_LINGER_MS, 30 * lingerMs) * 2 ** (times - 1))
  }

  #late(runId: string, operation: string): void {
    if (this.#isClosed) return
    this.#lingering.set(runId, { times: (this.#lingering.get(runId)?.times ?? 0) + 1, operation })
    this.#options.surroundings.logger.warn(
      `${runId} performed "${operation}" after an await outside any step, when it had already been put to rest; it is carried again, and kept longer. Put that await into ctx.step.`,
      { run: runId },
    )
    this.#options.surroundings.wake(runId, true)
  }
}
