/**
 * A step: an effect, its attempts, and what is recorded of them.
 *
 *     attempt ─▶ completed                        repeatable: a crash before the outcome means one more attempt
 *        │ ▲
 *        ▼ │ pause
 *     attempted (error, retry at) ─▶ … ─▶ failed
 *
 *     intended ─▶ attempt ─▶ completed            once: a crash, or a throw, after the intent leaves it in doubt
 *         │
 *         ▼
 *     in doubt ─▶ reconcile ─▶ done: completed | not done: cleared, may be tried again | unknown: a person settles it
 */
import { performance } from 'node:perf_hooks'
import { textOf, ThroughlineError } from '../errors.ts'
import {
  eventOf,
  GuardFailed,
  NotSerializable,
  type Change,
  type Committed,
  type NewEvent,
} from '../log/index.ts'
import { durationMs, validate, type Reconciled, type StepOptions, type StepTools } from '../task/index.ts'
import { runAttempt, type Attempted } from './attempt.ts'
import { backoffOf, pauseBefore, type Backoff } from './backoff.ts'
import { EffectNotDone } from './errors.ts'
import { gatesOfStep } from './gates.ts'
import {
  stepAttempted,
  stepCleared,
  stepCompleted,
  stepDoubted,
  stepFailed,
  stepIntended,
  type Resolution,
} from './events.ts'
import type { Generation } from './generation.ts'
import { read } from './history.ts'
import { reserveStep } from './limits.ts'
import type { Doubted, Operation } from './operation.ts'
import { idempotencyKey } from './place.ts'
import { unread } from './unread.ts'

/** Any step's function and options, whatever its value. */
export interface StepWork {
  readonly fn: (tools: StepTools) => unknown
  readonly options: StepOptions<unknown>
}

export function performStep(generation: Generation, operation: Operation, work: StepWork): void {
  const outcome = operation.recorded?.outcome
  if (outcome && !work.options.compensate) return
  const step = new Step(generation, operation, work)
  if (outcome) step.remember(outcome)
  else step.begin()
}

class Step implements Attempted {
  readonly #generation: Generation
  readonly #operation: Operation
  readonly #work: StepWork
  readonly #backoff: Backoff

  constructor(generation: Generation, operation: Operation, work: StepWork) {
    this.#generation = generation
    this.#operation = operation
    this.#work = work
    this.#backoff = backoffOf(work.options.retry)
  }

  get path(): string {
    return this.#operation.path
  }

  get signal(): AbortSignal {
    return this.#operation.branch.signal
  }

  get timeoutMs(): number | undefined {
    const { timeout } = this.#work.options
    return timeout === undefined ? undefined : durationMs(timeout)
  }

  get idempotencyKey(): string {
    return idempotencyKey(this.#generation.stream, this.#operation.key)
  }

  get #isOnce(): boolean {
    return this.#work.options.effect === 'once'
  }

  /** A recorded outcome: nothing to do, but its compensation must be known. */
  remember(outcome: {
    readonly kind: string
    readonly seq: number
    readonly version: number
    readonly body?: string | undefined
  }): void {
    const { compensate } = this.#work.options
    if (outcome.kind !== stepCompleted.name || !compensate) return
    const { v } = read(stepCompleted, outcome as Parameters<typeof read>[1])
    this.#generation.ending.undoable({
      key: this.#operation.key,
      seq: outcome.seq,
      undo: (tools) => compensate(v, tools),
    })
  }

  /** From the start, or from where its record stands. */
  begin(): void {
    let attempts = 0
    let retryAt: number | undefined
    let intendedAt: number | undefined
    let isDoubted = false
    for (const event of this.#operation.recorded?.events ?? []) {
      if (event.kind === stepAttempted.name) ({ n: attempts, retryAt } = read(stepAttempted, event))
      if (event.kind === stepAttempted.name || event.kind === stepCleared.name) intendedAt = undefined
      if (event.kind === stepCleared.name) attempts = read(stepCleared, event).n
      if (event.kind === stepIntended.name) {
        intendedAt = event.at
        isDoubted = false
      }
      if (event.kind === stepDoubted.name) isDoubted = true
    }
    // An effect that may have happened is settled even while the run is being stopped.
    if (intendedAt !== undefined) return this.#recover(attempts + 1, intendedAt, undefined, isDoubted)
    if (!this.#generation.mayBegin(this.#operation)) return
    if (retryAt === undefined) return this.#attempt(attempts + 1)
    this.#pause(attempts + 1, retryAt)
  }

  #pause(attempt: number, due: number): void {
    this.#operation.waiting = { kind: 'retry', name: this.#operation.path, due }
    this.#operation.fire = () => () => this.#attempt(attempt)
    this.#generation.delivery.poke() // nothing else may be under way that would look at it
  }

  #mayStillBegin(): boolean {
    return !this.#operation.branch.isReleased && this.#generation.mayBegin(this.#operation)
  }

  #attempt(attempt: number): void {
    const generation = this.#generation
    generation.effect(async () => {
      const { held } = generation.surroundings
      const unsure = held()
      if (unsure) await unsure
      // Let go of meanwhile, or told to stop.
      if (!generation.mayAct || (unsure && !this.#mayStillBegin())) return
      const tooEarly = unread(generation, this.#operation)
      if (tooEarly) return this.#fail(attempt, tooEarly)
      // What undoes has to be able to, whatever was used up.
      if (generation.beforeSteps.length > 0 && !generation.ending.isStopping) {
        const mayBegin = await reserveStep(generation, this.#operation.path)
        if (!mayBegin || !generation.mayAct || !this.#mayStillBegin()) return
      }
      if (this.#isOnce) {
        await generation.record([eventOf(stepIntended, undefined, generation.ref(this.#operation))])
        // Between the two this process may have stood still for long, and the run gone on elsewhere.
        await held()
        if (!generation.mayAct) return
      }
      const intendedAt = generation.surroundings.clock.now()
      const started = performance.now()
      let value: unknown
      try {
        value = await runAttempt(generation, this.#work.fn, this, attempt)
      } catch (error) {
        return this.#isOnce
          ? this.#recover(attempt, intendedAt, { error }, false)
          : this.#failed(attempt, error)
      }
      await this.#completed(value, attempt, Math.round(performance.now() - started))
    })
  }

  async #completed(
    given: unknown,
    attempt: number,
    ms: number,
    before: readonly NewEvent[] = [],
  ): Promise<void> {
    const generation = this.#generation
    const { output, compensate } = this.#work.options
    let event: NewEvent
    let value: unknown
    try {
      value = output
        ? await validate(
            output,
            given,
            'invalid_output',
            `The result of step "${this.#operation.path}" of ${generation.runId}`,
          )
        : given
      const body: { v?: unknown; n?: number; ms?: number; c?: 1 } = {}
      if (value !== undefined) body.v = value
      if (attempt > 1) body.n = attempt
      if (ms > 0) body.ms = ms
      if (compensate) body.c = 1
      event = eventOf(stepCompleted, body, generation.ref(this.#operation))
      const bytes = Buffer.byteLength(event.body ?? '')
      if (bytes > generation.surroundings.log.maxBodyBytes)
        throw new ThroughlineError('body_too_large', tooLarge(this.#operation.path, generation, bytes))
    } catch (error) {
      // Another attempt might give a better value, unless the effect may happen only once: then it has happened.
      return this.#isOnce || error instanceof NotSerializable
        ? this.#fail(attempt, nameStep(error, this.#operation.path))
        : this.#failed(attempt, error)
    }
    const events = before.length > 0 ? [...before, event] : [event]
    const gate = gatesOfStep(generation, this.#operation.path.split(' › ').at(-1) ?? '', value)
    let committed: Committed | undefined
    while (!committed) {
      let unless: Change['unless']
      try {
        unless = await gate?.()
      } catch (error) {
        return this.#fail(attempt, error)
      }
      committed = await generation
        .recordOutcomes([this.#operation], events, [], unless)
        .catch((error: unknown) => {
          if (!(error instanceof GuardFailed)) throw error
          return undefined
        })
    }
    const seq = (committed.firstSeq[0] ?? 0) + before.length
    if (compensate) this.remember({ ...event, seq })
    generation.deliverCommitted(this.#operation, event, seq, committed.at)
  }

  /** Tries again, or fails for good. */
  async #failed(attempt: number, error: unknown): Promise<void> {
    const generation = this.#generation
    let mayRetry = !(error instanceof ThroughlineError && !error.retryable)
    try {
      mayRetry = this.#work.options.retry?.on?.(error) ?? mayRetry
    } catch (thrown) {
      return this.#fail(attempt, thrown) // a check that crashes is a failed check
    }
    const isOver = attempt >= this.#backoff.attempts || !mayRetry || this.#operation.branch.isReleased
    if (isOver) return this.#fail(attempt, error)
    const { clock, random } = generation.surroundings
    const retryAt = clock.now() + pauseBefore(attempt + 1, this.#backoff, random())
    await generation.record([
      eventOf(stepAttempted, { e: storable(error), n: attempt, retryAt }, generation.ref(this.#operation)),
    ])
    this.#pause(attempt + 1, retryAt)
  }

  #fail(attempt: number, error: unknown): Promise<void> {
    return this.#generation.settle(this.#operation, [
      eventOf(stepFailed, { e: storable(error), n: attempt }, this.#generation.ref(this.#operation)),
    ])
  }

  /** The intent is recorded, the outcome is not: ask whoever can know (I7). */
  #recover(
    attempt: number,
    intendedAt: number,
    thrown: { readonly error: unknown } | undefined,
    isDoubted: boolean,
  ): void {
    const generation = this.#generation
    const { reconcile } = this.#work.options
    generation.effect(async () => {
      let answer: Reconciled<unknown> = 'unknown'
      let because = thrown
        ? 'it threw after its intent was recorded'
        : 'the process ended between its intent and its outcome'
      try {
        if (reconcile)
          answer = await reconcile({
            idempotencyKey: this.idempotencyKey,
            intent: { step: this.#operation.path, at: intendedAt },
          })
      } catch (error) {
        because += `; reconcile threw: ${textOf(error)}`
      }
      if (answer === 'unknown') return this.#doubt(attempt, because, thrown, isDoubted)
      if (answer.done) return this.#completed(answer.value, attempt, 0)
      await generation.record([
        eventOf(stepCleared, { by: 'reconcile', n: attempt }, generation.ref(this.#operation)),
      ])
      if (thrown) return this.#failed(attempt, thrown.error)
      this.#again(attempt + 1)
    })
  }

  async #doubt(
    attempt: number,
    because: string,
    thrown: { readonly error: unknown } | undefined,
    isDoubted: boolean,
  ): Promise<void> {
    const generation = this.#generation
    if (!isDoubted)
      await generation.record([
        eventOf(
          stepDoubted,
          { because: thrown ? `${because}: ${textOf(thrown.error)}` : because },
          generation.ref(this.#operation),
        ),
      ])
    generation.pending.add(this.#operation)
    const { path, ordinal } = this.#operation
    this.#operation.waiting = { kind: 'in_doubt', name: path, ordinal, attempt }
    this.#operation.settleDoubt = (resolution) => this.#resolved(resolution, attempt)
  }

  #resolved(resolution: Resolution, attempt: number): Doubted {
    const ref = this.#generation.ref(this.#operation)
    if ('failed' in resolution) {
      const error = new EffectNotDone(this.#generation.runId, this.#operation.path, resolution.failed)
      return { outcome: eventOf(stepFailed, { e: error, n: attempt }, ref) }
    }
    if (resolution.done) {
      const body = {
        ...(resolution.value === undefined ? {} : { v: resolution.value }),
        ...(this.#work.options.compensate ? { c: 1 as const } : {}),
      }
      const outcome = eventOf(stepCompleted, body, ref)
      return { outcome, recorded: (seq) => this.remember({ ...outcome, seq }) }
    }
    return { attempts: attempt, again: () => this.#again(attempt + 1) }
  }

  /** Another try, unless the run is being stopped or the branch has lost: then nothing begins any more. */
  #again(attempt: number): void {
    const { pending } = this.#generation
    if (this.#operation.branch.isReleased) pending.delete(this.#operation)
    else if (this.#generation.mayBegin(this.#operation)) this.#attempt(attempt)
  }
}

function tooLarge(step: string, generation: Generation, bytes: number) {
  const limit = generation.surroundings.log.maxBodyBytes
  return {
    message: `Step "${step}" of ${generation.runId} returned ${bytes} bytes; the limit is ${limit}. Store the data elsewhere and return its address, or raise open({ maxBodyBytes }).`,
    data: { step, runId: generation.runId, bytes, limit },
  }
}

/** Says which step a value that cannot be recorded came from, and where in that value. */
function nameStep(error: unknown, step: string): unknown {
  if (!(error instanceof NotSerializable)) return error
  const { path, what } = error.data
  const named = new NotSerializable(String(path).replace('$.v', '$'), String(what))
  named.message = `Step "${step}": ${named.message}`
  return named
}

/** An error as it can be recorded: whatever cannot is described instead. */
export function storable(error: unknown): unknown {
  try {
    eventOf(stepFailed, { e: error, n: 1 })
    return error
  } catch {
    return new Error(`Something that cannot be recorded was thrown: ${textOf(error)}`)
  }
}
