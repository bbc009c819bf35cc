/**
 * Handing out runs by way of Restate: a virtual object for each run, whose one handler carries it.
 *
 *     committed: a start, a message, a child's end, a timer ─▶ wake-up row in the store ─▶ sent to Restate
 *     Restate ─▶ one call a run at a time ─▶ carried until it ended or is out of memory ─▶ next timer: one delayed call
 *
 * V1. The rows are the truth; a call is a hint to look at one. Calls may be lost, doubled, late or early.
 * V2. Of each run Restate has one call under way: exclusive, and tried again elsewhere when its worker is gone.
 * V3. That two workers never both record is not left to Restate: the epoch sees to it (docs/decisions/0020).
 * V4. A wake-up of another life of the store (store-id.ts) is not ours to look at.
 */
import { messageOf } from '../../errors.ts'
import type { Clock, Log } from '../../log/index.ts'
import type { Carrier, Dispatcher } from '../../run/port.ts'
import { machineTicks, type Ticks } from '../ticks.ts'
import { Endpoint, type Call, type Outcome } from './endpoint.ts'
import { Holds } from './holds.ts'
import { Registration } from './registration.ts'
import { Sender } from './sender.ts'
import {
  asksForWork,
  COLUMNS,
  isDue,
  isNew,
  nextCall,
  standingOf,
  type Note,
  type Standing,
} from './standing.ts'
import { Sweep } from './sweep.ts'
import type { Wire } from './wire.ts'

export interface RestateWorkerOptions {
  readonly wire: Wire
  readonly log: Log
  readonly clock: Clock
  readonly carrier: Carrier
  readonly concurrency: number
  /** Which life of the store this is. */
  readonly store: string
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
  readonly random: () => number
  /** The machine's, unless told. */
  readonly ticks?: Ticks | undefined
  readonly told: (message: string, error?: unknown) => void
}

/** Calls beyond what is carried line up here, so that the next is there when one ends. */
const LINE_UP = 4
/** A delayed call that comes this early waits for its time here. */
const EARLY_MS = 2000
/** Whoever carried it before may still be there, and record what its effects gave: that is not in doubt then. */
const PREDECESSOR_MS = 150
/** The store is asked this often for what came while a run was let go of, before that is left to its own call. */
const ROUNDS = 10

export class RestateDispatcher implements Dispatcher {
  readonly #options: RestateWorkerOptions
  readonly #ticks: Ticks
  readonly #sender: Sender
  readonly #holds: Holds
  readonly #sweep: Sweep
  readonly #endpoint: Endpoint
  #registration: Registration | undefined
  #calls = 0
  #stopped: (() => void)[] = []
  #isStopping = false
  #confirming: Promise<void> | undefined
  #saidAt = -Infinity

  constructor(options: RestateWorkerOptions) {
    this.#options = options
    const { wire, log, clock, carrier, concurrency, tasks, random, ticks = machineTicks } = options
    this.#ticks = ticks
    const failed = (error: unknown) => this.#failed(error)
    this.#sender = new Sender({ log, clock, ticks, ingress: wire.ingress, failed })
    const abandoned = (run: string) => this.#sweep.remember(run, false)
    this.#holds = new Holds({ log, clock, ticks, carrier, concurrency, abandoned, failed })
    const isHeld = (run: string) => this.#holds.has(run)
    const uncarried = (run: string) => void carrier.advance(run)
    const unregistered = () => this.#registration?.renew()
    const uncalled = () => this.#registration?.reclaim()
    this.#sweep = new Sweep({
      unregistered,
      uncalled,
      log,
      clock,
      ticks,
      sender: this.#sender,
      random,
      tasks,
      isHeld,
      uncarried,
      failed,
    })
    const answer = (call: Call) => this.#answer(call)
    const most = Math.max(concurrency * LINE_UP, concurrency + 16)
    this.#endpoint = new Endpoint({ tasks, most, ticks, answer })
  }

  get busy(): number {
    return this.#holds.busy + (this.#sender.isBusy ? 1 : 0)
  }

  /** Listens for calls, and says so to Restate. @throws {BadDispatch} @throws {RestateRefused} */
  async begin(): Promise<void> {
    const { wire, told } = this.#options
    const address = await wire.listen(this.#endpoint)
    const { services } = this.#endpoint
    this.#registration = new Registration({
      admin: wire.admin,
      address,
      services,
      ticks: this.#ticks,
      told,
    })
    try {
      await this.#registration.begin()
    } catch (error) {
      wire.drain()
      throw error
    }
  }

  start(): void {
    this.#sweep.start()
  }

  wake(runId: string, isLate = false): void {
    if (this.#holds.wake(runId)) return
    this.#sender.wake(runId, isLate)
    if (isLate) this.#sweep.remember(runId, true)
  }

  rearm(): void {
    this.#holds.look()
  }

  look(): void {
    this.#holds.look()
    this.#sweep.look()
  }

  released(runId: string): void {
    this.#holds.released(runId)
  }

  held(): Promise<void> | undefined {
    if (!this.#confirming && !this.#endpoint.held()) return undefined
    this.#confirming ??= this.#confirmed().finally(() => (this.#confirming = undefined))
    return this.#confirming
  }

  stop(): Promise<void> {
    this.#isStopping = true
    this.#registration?.stop()
    this.#sweep.stop()
    this.#holds.stop()
    this.#options.wire.drain()
    return new Promise((resolve) => {
      this.#stopped.push(resolve)
      this.#settleStop()
    })
  }

  async close(): Promise<void> {
    this.#endpoint.close()
    await this.#sender.settle()
    await this.#options.wire.close()
  }

  /** Whoever was not heard for a while may have lost its runs to others: the record knows which, before any effect begins. */
  async #confirmed(): Promise<void> {
    for (let unsure = this.#endpoint.held(); unsure; unsure = this.#endpoint.held()) {
      await unsure
      await this.#holds.confirm()
    }
  }

  async #answer(call: Call): Promise<Outcome> {
    this.#calls++
    try {
      return call.store === this.#options.store ? await this.#carry(call) : {}
    } finally {
      this.#calls--
      this.#settleStop()
    }
  }

  /** Throws only what the store says: Restate calls again after a pause. */
  async #carry({ run, isLate, note: read, signal, idempotencyKey }: Call): Promise<Outcome> {
    const { clock } = this.#options
    let standing = await this.#standing(run)
    const wasNew = standing !== undefined && isNew(standing)
    // First, or not at all: when a call is made again, Restate wants to be asked the same in the same order.
    const note = wasNew ? undefined : await read()
    const { wakeAt } = standing ?? {}
    const earlyMs = () => (wakeAt ?? 0) - clock.now()
    while (earlyMs() > 0 && earlyMs() < EARLY_MS && !signal.aborted) await this.#pause(earlyMs(), signal)
    if (standing?.status === 'running') {
      await this.#pause(PREDECESSOR_MS, signal)
      standing = await this.#standing(run)
    }
    for (let round = 0; round < ROUNDS && standing; round++) {
      const asks = asksForWork(standing, clock.now())
      if (asks === false) break
      if (asks === 'maybe' && (round > 0 || (!isLate && note?.at === standing.updatedAt))) break
      if (signal.aborted) return {}
      if (this.#isStopping) return { again: true }
      await this.#holds.carry(run, signal)
      standing = await this.#standing(run)
      // At work by its record, and not here: somebody else's by now, or the store failed it. The sweep looks after it.
      if (standing?.status === 'running' && !this.#isStopping) return {}
      // Put out of memory because this worker stops: its body may have been in an await outside any step, so no note is left.
      if (standing?.status === 'waiting' && this.#isStopping) return { again: true }
    }
    // Nothing of an ended run stays behind at Restate. A new one has left nothing there: that costs no entry.
    if (!standing || standing.isEnded) return wasNew ? {} : { note: null }
    if (this.#isStopping && (standing.status === 'running' || isDue(standing, clock.now())))
      return { again: true }
    return this.#left(standing, note, idempotencyKey)
  }

  /** The run is at rest: Restate is told when to call for it next. */
  async #left(standing: Standing, note: Note | undefined, calledBy: string | undefined): Promise<Outcome> {
    const now = this.#options.clock.now()
    const armed = nextCall(standing, note, now)
    // A call that came early must not be taken for the one it asks for.
    if (armed !== undefined)
      await this.#sender.send(standing, calledBy?.endsWith(`/w${armed}`) ? `e${now}` : '')
    if (standing.status !== 'waiting') return {}
    const arms = armed ?? (note?.armed !== undefined && note.armed > now ? note.armed : undefined)
    return { note: { at: standing.updatedAt, ...(arms === undefined ? {} : { armed: arms }) } }
  }

  async #standing(run: string): Promise<Standing | undefined> {
    const [row] = await this.#options.log.select('runs', { where: { run }, columns: COLUMNS })
    return row && standingOf(row)
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#ticks.after(ms, resolve)
      signal.addEventListener('abort', () => (stop(), resolve()), { once: true })
    })
  }

  /** Said now and then, however often it fails. */
  #failed(error: unknown): void {
    if (this.#isStopping || this.#ticks.now() - this.#saidAt < 10_000) return
    this.#saidAt = this.#ticks.now()
    this.#options.told(`Wake-ups are delayed: ${messageOf(error)}`, error)
  }

  #settleStop(): void {
    if (!this.#isStopping || this.#calls > 0) return
    for (const resolve of this.#stopped.splice(0)) resolve()
  }
}
