/**
 * One advance of a run: its body, alive in this process, and everything it has under way.
 *
 *     replaying ─▶ live ─▶ idle ─▶ evicted          (a message or a timer: live again)
 *                   │
 *                   ├─▶ stopping (cancelled, failing): compensations newest first ─▶ ended
 *                   └─▶ ended | halted | fenced
 *
 * G1. What the body acts on is committed first (I1); outcomes reach it through Delivery only.
 * G2. A generation that is closed neither acts nor settles: its promises stay pending and are collected with the body.
 * G3. Idle: no effect is running, nothing is on its way, and at least one operation is awaited. Only then is it suspended, by a
 *     commit that succeeds only if nothing came into its inbox meanwhile.
 *
 * Not here: what each kind of operation does (step.ts, waits.ts, child.ts, branches.ts), how a run ends (ending.ts).
 */
import {
  BodyTooLarge,
  type Append,
  type Change,
  type Committed,
  type NewEvent,
  type OperationRef,
  type StoredEvent,
} from '../log/index.ts'
import type { AnyTask } from '../task/index.ts'
import { Delivery } from './delivery.ts'
import { Ending } from './ending.ts'
import { keyOf, type History, type OperationKind, type Performed } from './history.ts'
import type { AskStep } from './limits.ts'
import type { Mailbox } from './mailbox.ts'
import { hand, operationOf, withOutcome, type Operation } from './operation.ts'
import { Branch, places, type Place } from './place.ts'
import { never, Recorder } from './recorder.ts'
import { Rest } from './rest.ts'
import { settleNext } from './settlement.ts'
import type { GenerationOptions, Surroundings } from './surroundings.ts'
import { warnOfTwins } from './twins.ts'
import { comeTooLate } from './waits.ts'

/** Of an outcome's event, what handing it to the body reads. */
type RecordedOutcome = Pick<StoredEvent, 'kind' | 'version' | 'body' | 'seq' | 'at'>

export class Generation {
  readonly surroundings: Surroundings
  readonly history: History
  readonly task: AnyTask
  readonly runId: string
  readonly stream: string
  readonly epoch: number
  readonly root: Branch
  readonly mailbox: Mailbox
  readonly delivery = new Delivery(() => this.#quiet())
  readonly pending = new Set<Operation>()
  /** Where the functions of its steps run. */
  readonly inStep: Place = { owner: this, isInStep: true, before: undefined }
  readonly ending: Ending
  /** What features want to be asked before an attempt of a step. */
  readonly beforeSteps: AskStep[] = []
  readonly #options: GenerationOptions
  /** Of the last outcome handed to the body. */
  deliveredSeq = 0
  readonly #ended = new Set<string>()
  #inFlight = 0
  #isClosed = false
  #isEvicted = false
  #isLate = false
  #hasBegun = false
  #isLettingGo = false
  #isYielding = false
  #isSettling = false
  /** Resolves when this generation is closed. */
  readonly released: Promise<void>
  readonly #markReleased: () => void
  readonly #recorder: Recorder
  readonly #rest: Rest

  constructor(options: GenerationOptions) {
    this.#options = options
    this.surroundings = options.surroundings
    this.history = options.history
    this.task = options.task
    this.stream = options.stream
    this.epoch = options.epoch
    this.runId = options.history.started.run
    this.root = new Branch('', undefined, false, options.history.startedAt)
    this.mailbox = options.mailbox
    this.ending = new Ending(this)
    this.#recorder = new Recorder(this)
    this.#rest = new Rest(this, options.lingerMs)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.released = promise
    this.#markReleased = resolve
  }

  /** The body is past its record: all of it was asked for and handed out, or something new was begun. */
  get isLive(): boolean {
    return this.#hasBegun || this.#isUsedUp
  }

  get #isUsedUp(): boolean {
    return this.history.undelivered <= 0 && this.history.unasked <= 0
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Something it wants recorded is on its way to the store, or was given up there without an answer. */
  get isCommitting(): boolean {
    return this.#recorder.isCommitting
  }

  /** No effect is running, nothing is on its way to the body, and what has come is known. */
  get isQuiet(): boolean {
    return this.#inFlight === 0 && this.delivery.isEmpty && !this.mailbox.isReading
  }

  /** Begins the body. */
  start(body: () => Promise<unknown>, options: { readonly onlyReplay?: boolean } = {}): void {
    this.root.isReplayOnly = this.ending.isStopping || (options.onlyReplay ?? false)
    places.run({ owner: this, isInStep: false, before: undefined }, () => {
      void body().then(
        (value) => this.ending.returned(value),
        (error: unknown) => this.ending.threw(error),
      )
    })
    this.delivery.poke()
  }

  /** Looks for messages and due timers; resolves when the run waits, ends or is no longer ours. */
  advance(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#rest.revive()
    this.refresh()
    return this.#rest.next()
  }

  /** Resolves when the run next waits, ends or is no longer ours. */
  rested(): Promise<void> {
    return this.#isClosed ? Promise.resolve() : this.#rest.next()
  }

  /** Reads what has come; until that is known the run settles nothing and does not come to rest. */
  refresh(): void {
    this.mailbox.refresh(this.patiently).then(
      () => this.delivery.poke(),
      (error: unknown) => this.broke(error),
    )
  }

  /** Asks the store until it answers; never settles once this generation is closed. */
  readonly patiently = <T>(ask: () => Promise<T>): Promise<T> => this.#recorder.patiently(ask)

  /** The one primitive (I4): answers from the record, or begins. */
  perform(
    branch: Branch,
    kind: OperationKind,
    name: string,
    begin: (operation: Operation) => void,
    parts: { readonly path?: string; readonly ordinal?: number } = {},
  ): Promise<unknown> {
    const place = places.getStore()
    const path = parts.path ?? (branch.prefix === '' ? name : branch.prefix + name)
    this.goesOn(path)
    if (this.#isClosed || this.#isLettingGo || branch.isReleased) return never()
    const ordinal = parts.ordinal ?? branch.nextOrdinal(name)
    const around = place?.owner === this ? place : undefined
    const before = around?.before
    const after = before?.key
    const key = keyOf(path, ordinal)
    let recorded
    try {
      recorded = this.history.claim(kind, key, path, before)
    } catch (error) {
      this.ending.halt(error)
      return never()
    }
    const performed: Performed = {
      key,
      seq: recorded?.firstSeq ?? Number.POSITIVE_INFINITY,
      before: this.#isUsedUp ? undefined : before,
    }
    const { within, hold, context } = around ?? {}
    places.enterWith({ owner: this, isInStep: false, before: performed, within, hold, context })
    if (!recorded) this.#hasBegun = true
    const operation = operationOf({ kind, key, path, ordinal, after, branch, recorded, hold })
    hold?.awaits()
    warnOfTwins(this, operation)
    this.pending.add(operation)
    if (recorded?.outcome) this.deliver(operation, recorded.outcome)
    this.#rest.stir()
    begin(operation)
    return operation.promise
  }

  /** The body does something: if it had been put out of memory meanwhile, the run is to be carried again. */
  goesOn(what: string): void {
    if (!this.#isEvicted || this.#isLate) return
    this.#isLate = true
    this.#options.late(what)
  }

  /** Whether an operation without an outcome may begin. */
  mayBegin(operation: Operation): boolean {
    if (!operation.branch.isReplayOnly) return true
    this.pending.delete(operation)
    return false
  }

  /** Runs something that must end before the run can rest. */
  effect(work: () => Promise<void>): void {
    this.enter()
    work()
      .catch((error: unknown) => this.broke(error))
      .then(
        () => this.leave(),
        () => {},
      )
  }

  /** Until as many have left, the run does not rest. */
  enter(): void {
    this.#rest.stir()
    this.#inFlight++
  }

  leave(): void {
    this.#inFlight--
    this.#letGoIfDone()
    this.delivery.poke()
  }

  /** Commits events of this run, with what else must change in the same moment. Never settles once the run is lost. */
  record(
    events: readonly NewEvent[],
    also: readonly Append[] = [],
    unless?: Change['unless'],
  ): Promise<Committed> {
    return this.#recorder.record({ epoch: this.epoch }, events, also, unless)
  }

  /** Commits the last events of this stream: the epoch is raised with them, so that nothing late can follow. */
  recordLast(
    events: readonly NewEvent[],
    also: readonly Append[] = [],
    unless?: Change['unless'],
  ): Promise<Committed> {
    return this.#recorder.record({ claim: this.epoch }, events, also, unless)
  }

  /** Commits events among which are the outcomes of these operations: every outcome goes this way, and each operation once. @throws {SecondOutcome} */
  recordOutcomes(
    operations: readonly Operation[],
    events: readonly NewEvent[],
    also: readonly Append[] = [],
    unless?: Change['unless'],
  ): Promise<Committed> {
    return withOutcome(this.runId, operations, () => this.record(events, also, unless))
  }

  /** Commits an operation's outcome (the last of `events`), then hands it to the body. */
  async settle(
    operation: Operation,
    events: readonly NewEvent[],
    also: readonly Append[] = [],
    unless?: Change['unless'],
  ): Promise<void> {
    const committed = await this.recordOutcomes([operation], events, also, unless)
    this.deliverCommitted(
      operation,
      events.at(-1),
      (committed.firstSeq[0] ?? 0) + events.length - 1,
      committed.at,
    )
  }

  deliverCommitted(operation: Operation, event: NewEvent | undefined, seq: number, at: number): void {
    if (!event) return
    this.history.undelivered++
    const { kind, version, body } = event
    this.deliver(operation, { kind, version, body, seq, at })
  }

  /** Puts a recorded outcome on its way to the body. */
  deliver(operation: Operation, event: RecordedOutcome): void {
    operation.waiting = undefined
    operation.fire = undefined
    if (operation.kind === 'call') this.#ended.add(operation.key)
    this.delivery.push({
      seq: event.seq,
      deliver: () => {
        if (this.#isClosed) return
        this.history.undelivered--
        this.pending.delete(operation)
        if (!operation.branch.takes(event.seq)) return comeTooLate(this, operation, event)
        this.deliveredSeq = Math.max(this.deliveredSeq, event.seq)
        operation.branch.lastAt = event.at
        operation.hold?.goesOn()
        hand(operation, event, this.runId)
      },
    })
  }

  /** Whether an operation's outcome is recorded. */
  hasEnded(key: string): boolean {
    return this.#ended.has(key)
  }

  /** A branch has lost its race. */
  giveUp(branch: Branch): void {
    if (this.ending.hasShown(branch)) return branch.release()
    branch.lose(this.deliveredSeq)
  }

  /** Drops what branches were waiting for that were released, or lost their race. */
  dropReleased(): void {
    for (const operation of this.pending) {
      const { branch, waiting, settleDoubt } = operation
      const isLeft = branch.isReleased || (branch.isReplayOnly && waiting !== undefined)
      if (isLeft && settleDoubt === undefined) this.pending.delete(operation)
    }
    this.delivery.poke()
  }

  ref(operation: Operation): OperationRef {
    return { name: operation.path, ordinal: operation.ordinal, after: operation.after }
  }

  /** The run is not somebody else's, and not about to be. */
  get mayAct(): boolean {
    return !this.#isClosed && !this.#isYielding
  }

  /** Lets go because somebody else may go on at any moment: no effect begins that was not yet begun. */
  yield(): void {
    this.#isYielding = true
    this.letGo()
  }

  /** Finishes what is in flight, begins nothing, then closes. */
  letGo(): void {
    this.#isLettingGo = true
    this.#letGoIfDone()
  }

  #letGoIfDone(): void {
    if (this.#isLettingGo && this.#inFlight === 0) this.close('fenced')
  }

  /** Lets go of the run: nothing of this generation acts or settles any more. */
  close(how: Parameters<GenerationOptions['closed']>[0]): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isEvicted = how === 'evicted'
    if (how !== 'evicted') this.root.release()
    this.pending.clear()
    this.#options.closed(how)
    this.#rest.end()
    this.#markReleased()
  }

  #quiet(): void {
    if (this.#isClosed || this.#isLettingGo || this.#isSettling) return
    if (!this.delivery.isEmpty || this.mailbox.isReading || this.ending.isBeingRecorded) return
    const next = settleNext(this)
    if (next) {
      this.#isSettling = true
      this.effect(async () => {
        await next()
        this.#isSettling = false
      })
      return
    }
    const awaits = this.#awaits()
    this.#rest.armTimer(this.#inFlight, awaits)
    if (this.#inFlight > 0 || this.ending.proceed()) return
    if (awaits) this.#rest.suspend()
  }

  /** Something that can wake it is awaited. A race alone is not: its branches may be in plain awaits. */
  #awaits(): boolean {
    for (const { waiting } of this.pending) if (waiting) return true
    return false
  }

  /** Records something nobody waits for. */
  note(event: NewEvent): void {
    void this.record([event]).catch((error: unknown) => this.broke(error))
  }

  /** The store cannot carry this run on: it is left as it is recorded, for when it can. */
  broke(error: unknown): void {
    if (this.#isClosed) return
    if (error instanceof BodyTooLarge && this.ending.haltsFor(error)) return
    this.surroundings.logger.error(
      `${this.runId} cannot be carried on here: ${error instanceof Error ? error.message : String(error)}`,
      { run: this.runId, error },
    )
    this.close('failed')
  }
}
