/**
 * A model call as one operation: asked, perhaps again, answered or failed.
 *
 *     asked ─▶ answered
 *       │ ▲
 *       │ └── attempted (may pass, and nothing of it was shown): asked again, after a pause
 *       └───▶ failed: data, for the ladder
 *
 * A1. The intent is on the record before the provider is asked, with what is set aside for it. A call that was under way when a process
 *     died is asked again; what was set aside for it stays spent.
 * A2. An answer after an error part, or one that says it was interrupted, is never recorded as an answer.
 * A3. What was shown of a stream is shown once: after that, an error is told and not retried in silence.
 */
import { eventOf, GuardFailed, type Append, type Change } from '../log/index.ts'
import type { Classifier, Failure } from '../recovery/index.ts'
import { read, type Hands, type Work } from '../run/index.ts'
import type { Collector } from './collect.ts'
import type { Request } from './conversation.ts'
import { split, textsOf, type Desk } from './desk.ts'
import { recordOf } from './errors.ts'
import { recorded } from './failed.ts'
import {
  modelAnswered,
  modelAsked,
  modelAttempted,
  modelFailed,
  modelPartial,
  modelText,
  type AskedBody,
  type FailedBody,
  type Reserved,
  type Usage,
} from './events.ts'
import { tryOnce, type Try } from './provider.ts'
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from './sdk.ts'
import type { Fresh } from './texts.ts'

/** What is set aside before a try, and settled after it. */
export interface Setting {
  readonly reserve?: Reserved
  readonly appends: readonly Append[]
  readonly unless?: Change['unless']
  /** The request as it is sent: with a most of output. */
  readonly options: LanguageModelV4CallOptions
  /** Nothing was reported: what was set aside stays spent. */
  readonly settled: (
    actual: { readonly usage: Usage; readonly costUsd: number | 'unknown' } | undefined,
  ) => readonly Append[]
}

export interface Cost {
  readonly costUsd: number
  /** Of the table of prices. */
  readonly prices: string
}

export interface Asking {
  readonly hands: Hands
  readonly desk: Desk
  readonly request: Request
  readonly modelId: string
  readonly model: () => Promise<LanguageModelV4>
  readonly options: LanguageModelV4CallOptions
  readonly isStreamed: boolean
  readonly idleMs: number
  /** How long to pause before a failure's next retry, the n-th; undefined if it is not tried again. */
  readonly pauseMs: (failure: Failure, n: number) => number | undefined
  readonly drift: AskedBody['drift'] | undefined
  readonly authors: readonly Classifier[]
  /** Before each try: what stands in its way, or what is set aside. */
  readonly before: (model: LanguageModelV4) => Promise<Setting | { readonly failure: Failure }>
  /** After each try. */
  readonly after: (failure: Failure | undefined) => Promise<void>
  readonly price: (provider: string, model: string, usage: Usage) => Cost | 'unknown'
  /** Whether an answer that is classified as a failure is one of the call. */
  readonly isHard: (failure: Failure, finish: string | undefined) => boolean
  readonly shown: (part: LanguageModelV4StreamPart) => void
  readonly isShown: () => boolean
  /** A try came to nothing, and there is another. */
  readonly again: () => void
}

const PARTIAL_EVERY_MS = 1000

/** Begins the operation, or goes on with it from where its record stands. */
export function ask(asking: Asking, work: Work): void {
  let n = 0
  let retries = 0
  let retryAt: number | undefined
  for (const event of work.events) {
    if (event.kind === modelAsked.name) {
      n = read(modelAsked, event).n
      retryAt = undefined
    }
    if (event.kind === modelAttempted.name) {
      retries++
      retryAt = read(modelAttempted, event).retryAt
    }
  }
  if (!work.mayBegin()) return
  const call = new Call(asking, work, n, retries)
  if (retryAt === undefined) call.begin()
  else work.pause(retryAt, () => call.begin())
}

class Call {
  readonly #asking: Asking
  readonly #work: Work
  #n: number
  #retries: number

  constructor(asking: Asking, work: Work, n: number, retries: number) {
    this.#asking = asking
    this.#work = work
    this.#n = n
    this.#retries = retries
  }

  begin(): void {
    const { hands } = this.#asking
    const work = this.#work
    work.effect(async () => {
      if (!(await work.holds()) || !work.mayBegin()) return
      const tooEarly = work.unread()
      if (tooEarly) return void hands.fail(tooEarly)
      let model: LanguageModelV4
      try {
        model = await this.#asking.model()
      } catch (error) {
        return void hands.fail(error) // nobody provides it: an error of the task's, and none for the SDK
      }
      const setting = await this.#intended(model)
      if ('failure' in setting)
        return this.#failed(setting.failure, undefined, new Error(setting.failure.evidence.message), [])
      if (!(await work.holds())) return
      await this.#try(model, setting)
    })
  }

  /** The intent on the record, with what is set aside. */
  async #intended(model: LanguageModelV4): Promise<Setting | { readonly failure: Failure }> {
    const { desk, request, modelId, isStreamed, drift, before } = this.#asking
    this.#n++
    let brings: ReturnType<Desk['asked']> | undefined
    for (;;) {
      const setting = await before(model)
      // Not before: what others side by side rely on from then on goes to the record at once.
      brings ??= desk.asked(request)
      const { before: events, of } = brings
      if ('failure' in setting) {
        // What is said of the conversation is wanted, whatever stood in the way of asking.
        const body = { model: modelId, n: this.#n, ...of, ...(drift ? { drift } : {}) }
        if (events.length > 0 || of.said)
          await this.#work.record([...events, eventOf(modelAsked, body, this.#work.ref)])
        return setting
      }
      const body: AskedBody = {
        model: modelId,
        n: this.#n,
        ...of,
        ...(isStreamed ? { isStreamed: 1 } : {}),
        ...(setting.reserve ? { reserve: setting.reserve } : {}),
        ...(drift && this.#n === 1 ? { drift } : {}),
      }
      try {
        await this.#work.record(
          [...events, eventOf(modelAsked, body, this.#work.ref)],
          setting.appends,
          setting.unless,
        )
        return setting
      } catch (error) {
        if (!(error instanceof GuardFailed)) throw error // somebody else took what was left: asked anew
      }
    }
  }

  async #try(model: LanguageModelV4, setting: Setting): Promise<void> {
    const { isStreamed, idleMs, desk, shown, authors } = this.#asking
    let told = performance.now()
    const arrived = (part: LanguageModelV4StreamPart, collected: Collector) => {
      if (!isStreamed) return
      shown(part)
      if (performance.now() - told < PARTIAL_EVERY_MS) return
      told = performance.now()
      this.#evidence(collected)
    }
    const tried = await this.#asking.hands.outside(() =>
      tryOnce({
        authors,
        model,
        options: setting.options,
        signal: this.#work.signal,
        idleMs,
        isStreamed,
        arrived,
      }),
    )
    if (!(await this.#work.holds())) return
    const { failure, collected, usage } = tried
    const finish = collected.finish?.finishReason.unified
    await this.#asking.after(failure)
    if (failure && (finish === undefined || this.#asking.isHard(failure, finish))) {
      const costUsd = this.#cost(model, tried)
      return this.#failed(failure, tried, tried.error, setting.settled(usage && { usage, costUsd }), costUsd)
    }
    const fresh: Fresh = {}
    const { modelId, id, timestamp } = collected.response
    const priced = this.#priced(model, tried)
    const { redact, texts } = desk
    const content = collected.packed(texts, fresh, redact)
    const { small, large } = split(fresh)
    const answered = eventOf(
      modelAnswered,
      {
        provider: model.provider,
        model: modelId ?? model.modelId,
        id: id ?? this.#asking.hands.newId('msg'),
        at:
          timestamp instanceof Date && Number.isFinite(timestamp.getTime())
            ? timestamp.getTime()
            : this.#asking.hands.now(),
        content,
        finish: finishOf(collected),
        usage: usage ?? {},
        ...(priced === 'unknown' ? {} : priced),
        ...(collected.finish?.providerMetadata
          ? { meta: texts.pack(redact(collected.finish.providerMetadata), {}) }
          : {}),
        ...(collected.warnings.length > 0 ? { warnings: texts.pack(collected.warnings, {}) } : {}),
        ...textsOf(small),
        ms: tried.ms,
        ...(tried.firstMs === undefined ? {} : { firstMs: tried.firstMs }),
        n: this.#n,
        ...(failure ? { mode: failure.mode } : {}),
      },
      this.#work.ref,
    )
    const settled = setting.settled(
      usage && { usage, costUsd: priced === 'unknown' ? priced : priced.costUsd },
    )
    await this.#work.settle([...large.map((one) => eventOf(modelText, { texts: one })), answered], settled)
  }

  /** What has arrived of a stream, kept for whoever reads the record after a crash. */
  #evidence(collected: Collector): void {
    const { desk } = this.#asking
    const fresh: Fresh = {}
    for (const piece of collected.unrecorded(desk.redact)) desk.texts.name(piece, fresh)
    if (Object.keys(fresh).length === 0) return
    this.#work.effect(async () => {
      await this.#work.record([eventOf(modelPartial, { n: this.#n, texts: fresh }, this.#work.ref)])
    })
  }

  #priced(model: LanguageModelV4, { usage, collected }: Try): Cost | 'unknown' {
    return usage
      ? this.#asking.price(model.provider, collected.response.modelId ?? model.modelId, usage)
      : 'unknown'
  }

  #cost(model: LanguageModelV4, tried: Try): number | 'unknown' {
    const priced = this.#priced(model, tried)
    return priced === 'unknown' ? priced : priced.costUsd
  }

  /** Tries again, or fails: as data, which the ladder or the body is given. */
  async #failed(
    failure: Failure,
    tried: Try | undefined,
    error: unknown,
    settled: readonly Append[],
    costUsd?: number | 'unknown',
  ): Promise<void> {
    const { hands, isShown, desk, options } = this.#asking
    const isTold = isShown() || options.abortSignal?.aborted === true
    const fresh: Fresh = {}
    const finish = tried?.collected.finish
    const body: FailedBody = {
      n: this.#n,
      ...desk.redact(recorded(failure)),
      e: desk.redact(recordOf(error)),
      ...(tried?.usage ? { usage: tried.usage } : {}),
      ...(typeof costUsd === 'number' ? { costUsd } : {}),
      ...(tried && tried.collected.arrived > 0
        ? { content: tried.collected.packed(desk.texts, fresh, desk.redact) }
        : {}),
      ...textsOf(fresh),
      ...(tried && finish ? { finish: finishOf(tried.collected) } : {}),
      ...(tried ? { model: tried.collected.response.modelId ?? this.#asking.modelId, ms: tried.ms } : {}),
    }
    const mayPass = failure.isTransient && !isTold && !this.#work.signal.aborted
    const pauseMs = mayPass ? this.#asking.pauseMs(failure, this.#retries + 1) : undefined
    if (pauseMs === undefined)
      return this.#work.settle(
        [
          eventOf(
            modelFailed,
            { ...body, retried: this.#retries, ...(isTold ? { isTold } : {}) },
            this.#work.ref,
          ),
        ],
        settled,
      )
    this.#retries++
    const retryAt = hands.now() + Math.round(pauseMs)
    await this.#work.record([eventOf(modelAttempted, { ...body, retryAt }, this.#work.ref)], settled)
    this.#asking.again()
    this.#work.pause(retryAt, () => this.begin())
  }
}

function finishOf({ finish }: Collector): { readonly unified: string; readonly raw?: string } {
  const { unified = 'other', raw } = finish?.finishReason ?? {}
  return { unified, ...(raw === undefined ? {} : { raw }) }
}
