/**
 * How a run ends.
 *
 *     returned ────────────────────────────────▶ done
 *     threw ──▶ failing ──▶ compensations ─────▶ failed
 *     cancel ─▶ cancelling ▶ compensations ────▶ cancelled
 *     restart ─────────────────────────────────▶ restarted (next chapter)
 *     diverged, a compensation lost or failed ─▶ halted (a person can lift it)
 *
 * N1. What is under way when the body ends is finished and recorded before the end is.
 * N2. Replay rebuilds the compensations: they are taken from the code as it is now, and run newest first, as steps of their own.
 *     A compensation that the code no longer has halts the run by name.
 * N3. The end, the word to the parent, and the cancelling of children are one commit.
 */
import { ThroughlineError } from '../errors.ts'
import { eventOf, GuardFailed, type Append, type BodyTooLarge, type Change } from '../log/index.ts'
import { validate } from '../task/index.ts'
import { cancelChildren, type Child } from './child.ts'
import { CompensationFailed, CompensationMissing, ReplayDiverged } from './errors.ts'
import {
  chapterStream,
  inboxOf,
  messageSent,
  runCancelled,
  runCancelling,
  runDone,
  runFailed,
  runFailing,
  runHalted,
  runRestarted,
  runStarted,
} from './events.ts'
import { passOutput } from './gates.ts'
import type { Generation } from './generation.ts'
import { limitsOf } from './limits.ts'
import { idempotencyKey, places, SEPARATOR, type Branch } from './place.ts'
import { performStep, storable } from './step.ts'
import { hasRead } from './unread.ts'

type Body =
  | { readonly value: unknown }
  | { readonly error: unknown }
  | { readonly restart: unknown }
  | { readonly halt: unknown }

export interface Undoable {
  readonly key: string
  readonly seq: number
  readonly undo: (tools: { readonly idempotencyKey: string; readonly signal: AbortSignal }) => unknown
}

const LOOKING_MS = 30_000
/** In so many parts: a clock that jumps, or a machine that slept, uses up one of them. */
const LOOKS = 30
const COMPENSATION_RETRY = { attempts: 5, initial: '1s' } as const

/** An error that says which failure mode it is of, or else by its code. */
function modeOf(error: unknown): string {
  if (!(error instanceof ThroughlineError)) return 'unclassified'
  return 'mode' in error && typeof error.mode === 'string' ? error.mode : error.code
}

export class Ending {
  readonly children = new Map<string, Child>()
  readonly #generation: Generation
  readonly #undoables = new Map<string, Undoable>()
  #body: Body | undefined
  #cancelled: { readonly reason: string } | undefined
  #failing: { readonly error: unknown } | undefined
  #hasBegun = false
  #isRefused = false
  #undoBranch: Branch | undefined
  #stopLooking: (() => void) | undefined
  #hasLooked = false

  constructor(generation: Generation) {
    this.#generation = generation
    this.#cancelled = generation.history.cancelling
    this.#failing = generation.history.failing
  }

  /** Cancelled or failing: nothing new begins but compensations. */
  get isStopping(): boolean {
    return this.#cancelled !== undefined || this.#failing !== undefined
  }

  get isCancelled(): boolean {
    return this.#cancelled !== undefined
  }

  /** What comes now comes too late. */
  get isBeingRecorded(): boolean {
    return this.#hasBegun && this.#undoBranch === undefined
  }

  returned(value: unknown): void {
    this.#generation.goesOn('the end of its body')
    this.#body ??= { value }
    this.#generation.delivery.poke()
  }

  threw(error: unknown): void {
    this.#generation.goesOn('the end of its body')
    this.#body ??= { error }
    this.#generation.delivery.poke()
  }

  /** The body asked to go on in a fresh chapter. */
  restart(input: unknown): void {
    this.#body ??= { restart: input }
    this.#generation.root.release()
    this.#generation.dropReleased()
  }

  undoable(undoable: Undoable): void {
    this.#undoables.set(undoable.key, undoable)
  }

  /** Records that the run is being cancelled, and tells its children. */
  async cancel(reason: string, message: string): Promise<void> {
    const generation = this.#generation
    this.#cancelled = { reason }
    // The request is durable already; nothing may begin while it is being taken.
    if (this.#missing() === undefined) this.#release()
    else this.#holdBack()
    const children = await cancelChildren(this.#generation, reason)
    await generation.record([eventOf(runCancelling, { reason, message })], children)
  }

  /** Ends the run where it stands; a person can lift it. */
  halt(error: unknown): void {
    const generation = this.#generation
    if (generation.isClosed || this.#hasBegun) return
    this.#hasBegun = true
    generation.root.release()
    const mode = modeOf(error)
    generation.effect(async () => {
      await generation.recordLast([eventOf(runHalted, { mode, e: storable(error) })], this.#tellParent())
      generation.close('ended')
    })
  }

  /** Nothing begins any more; once what is under way is recorded, the run halts: what was paid for is not lost. */
  haltInTurn(error: unknown): void {
    if (this.#generation.isClosed || this.#hasBegun || this.#body) return
    this.#body = { halt: error }
    // A tool's function that asks for it never goes on: it is not waited for.
    places.getStore()?.hold?.awaits()
    this.#holdBack()
    this.#generation.delivery.poke()
  }

  /** The body is given up, and what is under way is told to stop; then the run fails. */
  failNow(error: unknown): void {
    this.threw(error)
    if (this.#missing() === undefined) this.#release()
    else this.#holdBack()
    this.#generation.delivery.poke()
  }

  /** Called when nothing is in flight: whether the end has begun. */
  proceed(): boolean {
    const generation = this.#generation
    if (this.#hasBegun) return this.isBeingRecorded
    if (this.isStopping) return this.#isReadyToStop() && this.#begin(() => this.#stop())
    const body = this.#body
    if (!body) return false
    if ('halt' in body) return this.#begin(() => this.#haltNow(body.halt))
    if ('error' in body && !this.#hasShownAll()) {
      this.#holdBack()
      return false
    }
    generation.root.release()
    generation.dropReleased()
    if ('restart' in body) return this.#begin(() => this.#restart(body.restart))
    if ('value' in body) return this.#begin(() => this.#done(body.value))
    return this.#begin(() => this.#fail(body.error))
  }

  #begin(work: () => Promise<void>): true {
    this.#hasBegun = true
    this.#generation.effect(work)
    return true
  }

  /** While stopping: effects in doubt are settled first, and a replay has handed out all it has. */
  #isReadyToStop(): boolean {
    const generation = this.#generation
    if ([...generation.pending].some((operation) => operation.settleDoubt !== undefined)) return false
    return this.#hasShownAll()
  }

  /** Whether the body has come by every compensation on the record, or had the time to. */
  #hasShownAll(): boolean {
    if (this.#missing() === undefined || this.#hasLooked) return true
    // A plain await may lie between the body and the step: give it the time that a resting run is given.
    if (!this.#stopLooking) this.#look(LOOKS)
    return false
  }

  #look(left: number): void {
    const { surroundings, delivery } = this.#generation
    const { clock, limits } = surroundings
    this.#stopLooking = clock.at(clock.now() + Math.max(limits.lingerMs, LOOKING_MS) / LOOKS, () => {
      if (left > 1) return this.#look(left - 1)
      this.#hasLooked = true
      delivery.poke()
    })
  }

  /** Whether what a branch did on the record can be undone in this life. */
  hasShown({ prefix }: Branch): boolean {
    return this.#missing(prefix) === undefined
  }

  /** A step (of a branch) recorded with a compensation that this body has not shown. */
  #missing(prefix = ''): string | undefined {
    return this.#generation.history
      .compensable()
      .find(({ key }) => key.startsWith(prefix) && !this.#undoables.has(key))?.key
  }

  async #done(value: unknown): Promise<void> {
    const generation = this.#generation
    let event
    let unless
    try {
      const output = await validate(
        generation.task.output,
        value,
        'invalid_output',
        `The output of ${generation.runId}`,
      )
      const unclaimed = generation.history.unclaimed()
      if (unclaimed[0] !== undefined && generation.surroundings.isStrict)
        return await this.#haltNow(
          new ReplayDiverged(generation.runId, unclaimed[0], 'with an outcome', 'no more'),
        )
      unless = await passOutput(generation, output)
      const untaken = generation.mailbox.untaken()
      event = eventOf(runDone, {
        v: output,
        ...(unclaimed.length > 0 ? { unclaimed } : {}),
        ...(untaken.length > 0 ? { untaken } : {}),
      })
    } catch (error) {
      return this.#fail(error)
    }
    try {
      await this.#end(event, unless)
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error
      await this.#done(value)
    }
  }

  async #fail(error: unknown): Promise<void> {
    const generation = this.#generation
    this.#failing = { error }
    if (this.#undoables.size === 0 && this.#missing() === undefined) return this.#failed(error)
    await generation.record([eventOf(runFailing, { e: storable(error) })])
    this.#release()
    await this.#stop()
  }

  #failed(error: unknown): Promise<void> {
    const untaken = this.#generation.mailbox.untaken()
    const mode = modeOf(error)
    return this.#end(
      eventOf(runFailed, { mode, e: storable(error), ...(untaken.length > 0 ? { untaken } : {}) }),
    )
  }

  /** Compensations, newest first; then the end they lead to. */
  async #stop(): Promise<void> {
    this.#release()
    const missing = this.#missing()
    if (missing !== undefined) return this.#haltNow(new CompensationMissing(this.#generation.runId, missing))
    const undoables = [...this.#undoables.values()].sort((a, b) => b.seq - a.seq)
    if (undoables.length === 0) return this.#stopped()
    // From here on, operations of the compensations are awaited like any others: what runs them must not count as an effect.
    this.#undoBranch = this.#generation.root.detached('undo')
    void this.#undoAll(undoables, this.#undoBranch).then(
      () => this.#generation.effect(() => this.#stopped()),
      (error: unknown) => this.#generation.effect(() => this.#haltNow(error)),
    )
  }

  async #undoAll(undoables: readonly Undoable[], branch: Branch): Promise<void> {
    for (const { key, undo } of undoables) {
      try {
        await this.#undo(key, undo, branch)
      } catch (error) {
        throw new CompensationFailed(this.#generation.runId, key, error)
      }
    }
  }

  #undo(key: string, undo: Undoable['undo'], branch: Branch): Promise<unknown> {
    const generation = this.#generation
    const path = `undo${SEPARATOR}${key}`
    // One that failed for good before the run was resumed is tried again under the next number.
    let ordinal = 1
    while (generation.history.operations.get(`${path}#${ordinal}`)?.outcome?.kind === 'step.failed') ordinal++
    const work = {
      fn: ({ signal }: { readonly signal: AbortSignal }) =>
        undo({ signal, idempotencyKey: idempotencyKey(generation.stream, path) }),
      options: { retry: COMPENSATION_RETRY },
    }
    return generation.perform(branch, 'step', path, (operation) => performStep(generation, operation, work), {
      path,
      ordinal,
    })
  }

  #stopped(): Promise<void> {
    if (!this.#cancelled) return this.#failed(this.#failing?.error)
    const untaken = this.#generation.mailbox.untaken()
    return this.#end(
      eventOf(runCancelled, { reason: this.#cancelled.reason, ...(untaken.length > 0 ? { untaken } : {}) }),
    )
  }

  /** What the run wants recorded is larger than the store takes: it halts, also in the middle of ending. False when it cannot even do that. */
  haltsFor(error: BodyTooLarge): boolean {
    if (this.#isRefused) return false
    this.#isRefused = true
    this.#hasBegun = true
    this.#release()
    this.#generation.effect(() => this.#haltNow(error))
    return true
  }

  async #haltNow(error: unknown): Promise<void> {
    const mode = modeOf(error)
    await this.#generation.recordLast([eventOf(runHalted, { mode, e: storable(error) })], this.#tellParent())
    this.#generation.close('ended')
  }

  async #restart(input: unknown): Promise<void> {
    const generation = this.#generation
    const { started } = generation.history
    let next
    try {
      const checked = await validate(
        generation.task.input,
        input,
        'invalid_input',
        `The input of the next chapter of ${generation.runId}`,
      )
      const { forkedFrom: _forkedFrom, replaces: _replaces, notBefore: _notBefore, ...carried } = started
      const { brief, ...others } = carried
      next = {
        ...others,
        ...(brief && !hasRead(generation.history) ? { brief } : {}),
        ...(limitsOf(generation)?.until ? { since: started.since ?? generation.history.startedAt } : {}),
        input: checked,
        chapter: started.chapter + 1,
        seed: generation.surroundings.newId('seed'),
        version: generation.task.version,
      }
      eventOf(runStarted, next)
    } catch (error) {
      return this.#fail(error)
    }
    const stream = chapterStream(generation.runId, next.chapter)
    const chapter: Append = {
      stream,
      expected: { new: true },
      continues: generation.stream,
      events: [eventOf(runStarted, next)],
    }
    await generation.recordLast(
      [eventOf(runRestarted, { input: next.input, next: stream })],
      [chapter, ...(await cancelChildren(this.#generation, 'its parent went on in a new chapter'))],
    )
    generation.close('restarted')
  }

  async #end(event: ReturnType<typeof eventOf>, unless?: Change['unless']): Promise<void> {
    const generation = this.#generation
    const children = await cancelChildren(this.#generation, 'its parent ended')
    await generation.recordLast([event], [...this.#tellParent(), ...children], unless)
    generation.close('ended')
  }

  #tellParent(): Append[] {
    const { parent, run } = this.#generation.history.started
    if (!parent?.isAwaited) return []
    const id = `child:${run}:${this.#generation.history.attempt}`
    return [
      {
        stream: inboxOf(parent.run),
        expected: 'any',
        events: [eventOf(messageSent, { kind: 'child', id, run })],
      },
    ]
  }

  /** The body is still being replayed, and has compensations to show: it goes on, as far as the record goes. */
  #holdBack(): void {
    const { root, pending } = this.#generation
    root.holdBack()
    for (const operation of pending)
      if (operation.waiting && operation.settleDoubt === undefined) pending.delete(operation)
  }

  #release(): void {
    this.#stopLooking?.()
    this.#generation.root.release()
    this.#generation.dropReleased()
  }
}
