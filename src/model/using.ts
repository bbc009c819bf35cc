/**
 * A tool call as one operation: at most as often as it says, in a branch of its own.
 *
 *     called ─▶ returned
 *       │ ▲
 *       │ └── attempted (may pass): called again, after a pause
 *       ├───▶ failed: read by the model, or the way of its ladder
 *       └───▶ in doubt (once, and nobody knows): reconciled, or settled by a person
 *
 * C1. A tool that may run only once, and whatever a budget counts, has its intent on the record before it runs. Of the others the call and
 *     what it returned are one commit.
 * C2. What a tool's function asks of the context is recorded under its call: two calls of one tool never take each other's outcomes.
 */
import { messageOf, textOf } from '../errors.ts'
import { eventOf, GuardFailed, type Append, type NewEvent } from '../log/index.ts'
import { classify, type Classifier, type Failure } from '../recovery/index.ts'
import { EffectNotDone, events as runEvents, read, type Doubt, type Work } from '../run/index.ts'
import type { Reconciled, SideEffect } from '../task/index.ts'
import { split, textsOf, type Desk } from './desk.ts'
import { recordOf } from './errors.ts'
import { recorded } from './failed.ts'
import { modelText, toolAttempted, toolCalled, toolFailed, toolReturned, type FailedBody } from './events.ts'
import type { Fresh } from './texts.ts'

/** What is set aside before a call, and settled after it. */
export interface ToolSetting {
  readonly appends: readonly Append[]
  readonly unless?: Parameters<Work['record']>[2]
  readonly settled: () => readonly Append[]
  readonly isCounted: boolean
}

export interface Using {
  readonly tool: string
  /** As the provider named the call. */
  readonly call: string
  readonly args: unknown
  readonly desk: Desk
  readonly isOnce: boolean
  readonly effect: SideEffect | undefined
  readonly authors: readonly Classifier[]
  readonly run: (about: {
    readonly idempotencyKey: string
    readonly attempt: number
    readonly signal: AbortSignal
  }) => Promise<unknown>
  readonly reconcile:
    | ((idempotencyKey: string) => Reconciled<unknown> | Promise<Reconciled<unknown>>)
    | undefined
  readonly before: () => Promise<ToolSetting | { readonly failure: Failure }>
  readonly after: (failure: Failure | undefined) => Promise<void>
  readonly pauseMs: (failure: Failure, n: number) => number | undefined
  readonly now: () => number
  readonly fail: (error: unknown) => void
}

/** Begins the operation, or goes on with it from where its record stands. */
export function use(using: Using, work: Work): void {
  let n = 0
  let retries = 0
  let retryAt: number | undefined
  let isIntended = false
  let isDoubted = false
  for (const event of work.events) {
    if (event.kind === toolCalled.name) {
      ;({ n } = read(toolCalled, event))
      isIntended = true
      isDoubted = false
      retryAt = undefined
    }
    if (event.kind === toolAttempted.name) {
      retries++
      ;({ retryAt } = read(toolAttempted, event))
      isIntended = false
    }
    if (event.kind === runEvents.stepCleared.name) isIntended = false
    if (event.kind === runEvents.stepDoubted.name) isDoubted = true
  }
  const call = new ToolCall(using, work, n, retries)
  // An effect that may have happened is settled even while the run is being stopped.
  if (isIntended && using.isOnce) return call.recover(undefined, isDoubted)
  if (!work.mayBegin()) return
  if (retryAt === undefined) call.begin()
  else work.pause(retryAt, () => call.begin())
}

class ToolCall {
  readonly #using: Using
  readonly #work: Work
  #n: number
  #retries: number

  constructor(using: Using, work: Work, n: number, retries: number) {
    this.#using = using
    this.#work = work
    this.#n = n
    this.#retries = retries
  }

  begin(): void {
    const work = this.#work
    const { isOnce, before } = this.#using
    work.effect(async () => {
      if (!(await work.holds()) || !work.mayBegin()) return
      const tooEarly = work.unread()
      if (tooEarly) return this.#using.fail(tooEarly)
      this.#n++
      for (;;) {
        const setting = await before()
        if ('failure' in setting)
          return this.#failed(setting.failure, new Error(setting.failure.evidence.message), [], [])
        const called = this.#called()
        const isIntended = isOnce || setting.isCounted
        try {
          if (isIntended) await work.record(called, setting.appends, setting.unless)
        } catch (error) {
          if (!(error instanceof GuardFailed)) throw error
          continue
        }
        // Between the two this process may have stood still for long, and the run gone on elsewhere.
        if (isIntended && !(await work.holds())) return
        return this.#run(isIntended ? [] : called, setting)
      }
    })
  }

  #called(): NewEvent[] {
    const { tool, call, args, desk, isOnce } = this.#using
    const fresh: Fresh = {}
    const packed = desk.texts.pack({ args }, fresh) as { readonly args: never } // an object of that key
    const { small, large } = split(desk.redact(fresh))
    const body = {
      tool,
      call,
      args: packed.args,
      ...textsOf(small),
      ...(isOnce ? { effect: 'once' as const } : {}),
      n: this.#n,
    }
    return [
      ...large.map((one) => eventOf(modelText, { texts: one })),
      eventOf(toolCalled, desk.redact(body), this.#work.ref),
    ]
  }

  /** Not within an effect: while the tool's function only waits for operations of ours, the run may rest. */
  #run(called: readonly NewEvent[], setting: ToolSetting): void {
    const work = this.#work
    const started = performance.now()
    const about = { idempotencyKey: work.idempotencyKey, attempt: this.#n, signal: work.signal }
    void work
      .inside(() => this.#using.run(about))
      .then(
        (value) =>
          work.effect(async () =>
            this.#returned(value, called, setting.settled(), Math.round(performance.now() - started)),
          ),
        (error: unknown) =>
          work.effect(async () => {
            const failure = this.#classified(error)
            await this.#using.after(failure)
            if (this.#using.isOnce) return this.recover({ error }, false)
            await this.#failed(failure, error, called, setting.settled())
          }),
      )
  }

  async #returned(
    value: unknown,
    called: readonly NewEvent[],
    settled: readonly Append[],
    ms: number,
  ): Promise<void> {
    const { desk } = this.#using
    const fresh: Fresh = {}
    let packed
    try {
      packed = desk.texts.pack({ v: desk.redact(value) }, fresh) as { readonly v?: never }
    } catch (error) {
      const failure = this.#classified(error)
      return this.#work.settle([...called, this.#failure({ ...failure, isTransient: false }, error)], settled)
    }
    await this.#using.after(undefined)
    if (!(await this.#work.holds())) return
    const { small, large } = split(fresh)
    const body = {
      ...packed,
      ...textsOf(small),
      ...(ms > 0 ? { ms } : {}),
      ...(this.#n > 1 ? { n: this.#n } : {}),
    }
    await this.#work.settle(
      [
        ...called,
        ...large.map((one) => eventOf(modelText, { texts: one })),
        eventOf(toolReturned, body, this.#work.ref),
      ],
      settled,
    )
  }

  async #failed(
    failure: Failure,
    error: unknown,
    called: readonly NewEvent[],
    settled: readonly Append[],
  ): Promise<void> {
    const work = this.#work
    const { pauseMs, now } = this.#using
    const pause =
      failure.isTransient && !work.signal.aborted ? pauseMs(failure, this.#retries + 1) : undefined
    if (pause === undefined) return work.settle([...called, this.#failure(failure, error)], settled)
    this.#retries++
    const retryAt = now() + Math.round(pause)
    await work.record(
      [...called, eventOf(toolAttempted, { ...this.#body(failure, error), retryAt }, work.ref)],
      settled,
    )
    work.pause(retryAt, () => this.begin())
  }

  #classified(error: unknown): Failure {
    const { authors, effect, now } = this.#using
    return classify(error, { kind: 'tool', authors, now: now(), ...(effect ? { effect } : {}) })
  }

  #failure(failure: Failure, error: unknown): NewEvent {
    return eventOf(toolFailed, { ...this.#body(failure, error), retried: this.#retries }, this.#work.ref)
  }

  #body(failure: Failure, error: unknown): FailedBody {
    const { redact } = this.#using.desk
    return { n: this.#n, ...redact(recorded(failure)), e: redact(recordOf(error)) }
  }

  /** The intent is recorded, the outcome is not: ask whoever can know (I7). */
  recover(thrown: { readonly error: unknown } | undefined, isDoubted: boolean): void {
    const work = this.#work
    const { reconcile } = this.#using
    work.effect(async () => {
      let answer: Reconciled<unknown> = 'unknown'
      let because = thrown
        ? 'it threw after its intent was recorded'
        : 'the process ended between its intent and its outcome'
      try {
        if (reconcile) answer = await reconcile(work.idempotencyKey)
      } catch (error) {
        because += `; reconcile threw: ${textOf(error)}`
      }
      if (answer === 'unknown')
        return this.#doubt(thrown ? `${because}: ${messageOf(thrown.error)}` : because, isDoubted)
      if (answer.done) return this.#returned(answer.value, [], [], 0)
      await work.record([eventOf(runEvents.stepCleared, { by: 'reconcile', n: this.#n }, work.ref)])
      if (thrown) return this.#failed(this.#classified(thrown.error), thrown.error, [], [])
      this.begin()
    })
  }

  async #doubt(because: string, isDoubted: boolean): Promise<void> {
    const work = this.#work
    if (!isDoubted) await work.record([eventOf(runEvents.stepDoubted, { because }, work.ref)])
    work.doubt(this.#n, (resolution): Doubt => {
      if ('failed' in resolution) {
        const error = new EffectNotDone(work.path, work.path, resolution.failed)
        return {
          outcome: this.#failure(
            {
              mode: 'unknown_side_effect',
              isTransient: false,
              evidence: { name: error.name, message: error.message },
            },
            error,
          ),
        }
      }
      if (!resolution.done) return { attempts: this.#n, again: () => this.begin() }
      const fresh: Fresh = {}
      const packed = this.#using.desk.texts.pack({ v: resolution.value }, fresh) as { readonly v?: never }
      return { outcome: eventOf(toolReturned, { ...packed, ...textsOf(fresh) }, work.ref) }
    })
  }
}
