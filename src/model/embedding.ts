/** `ctx.embeddingModel`: an embedding model of the AI SDK whose every call is an operation of its run. */
import { eventOf, GuardFailed } from '../log/index.ts'
import { classify, recover, type Failure, type Tried } from '../recovery/index.ts'
import { read, type Hands, type Work } from '../run/index.ts'
import { deskOf, split, textsOf } from './desk.ts'
import { recordOf, revive } from './errors.ts'
import {
  modelAnswered,
  modelAsked,
  modelAttempted,
  modelFailed,
  modelText,
  type AnsweredBody,
  type FailedBody,
} from './events.ts'
import type { Setting } from './asking.ts'
import { failureOf, recorded } from './failed.ts'
import type { Guard } from './guard.ts'
import { embeddingNamed, type NamedEmbedding } from './named.ts'
import type { EmbeddingModelV4 } from './sdk.ts'
import type { Fresh } from './texts.ts'

type Options = Parameters<EmbeddingModelV4['doEmbed']>[0]
type Result = Awaited<ReturnType<EmbeddingModelV4['doEmbed']>>
type Outcome = { readonly key: string } & (
  | { readonly answered: AnsweredBody }
  | { readonly failed: FailedBody & { readonly retried: number } }
)

/** As many as the SDK sends in one call where the model, asked by its name, cannot be looked at yet. */
const AT_ONCE = 96

export function embeddingModelFor(hands: Hands, guard: Guard, given: unknown): EmbeddingModelV4 {
  const model = embeddingNamed(given)
  const most = typeof given === 'object' ? (given as EmbeddingModelV4).maxEmbeddingsPerCall : AT_ONCE
  const isParallel = typeof given === 'object' ? (given as EmbeddingModelV4).supportsParallelCalls : false
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.id,
    maxEmbeddingsPerCall: most,
    supportsParallelCalls: isParallel,
    doEmbed: (options) => embed(hands, guard, model, options),
  }
}

async function embed(hands: Hands, guard: Guard, model: NamedEmbedding, options: Options): Promise<Result> {
  const outcome = await once(hands, guard, model, options)
  if ('answered' in outcome) return resultOf(outcome.answered)
  const { failed, key } = outcome
  if (options.abortSignal?.aborted) throw await revive(failed.e)
  const retry = async (): Promise<Tried<Result>> => {
    const came = await once(hands, guard, model, options)
    return 'answered' in came
      ? { ok: true, value: resultOf(came.answered) }
      : { ok: false, failure: failureOf(came.failed) }
  }
  const about = {
    failure: failureOf(failed),
    operation: key,
    failed: model.id,
    retried: failed.retried,
    can: { retry },
  }
  return recover<Result>(hands, about)
}

function once(hands: Hands, guard: Guard, model: NamedEmbedding, options: Options): Promise<Outcome> {
  const { texts } = deskOf(hands)
  const fresh: Fresh = {}
  const { abortSignal: _signal, headers: _headers, ...said } = options
  const packed = texts.pack({ ...said, model: model.id }, fresh)
  const digest = texts.digest(JSON.stringify(packed)).slice(0, 16)
  return hands.perform({
    kind: 'model',
    name: `${digest} ${model.id.replace(/[\p{C}›\s]+/gu, ' ').slice(0, 80)}`,
    meaning(event, key) {
      if (event.kind === modelAnswered.name) return { value: { key, answered: read(modelAnswered, event) } }
      if (event.kind === modelFailed.name) return { value: { key, failed: read(modelFailed, event) } }
      return { error: new Error(`An outcome of kind ${event.kind} is none of a model call.`) }
    },
    begin: (work) =>
      new Embedding({ hands, guard, model, options, digest, fresh, packed: said.values }, work).start(),
  }) as Promise<Outcome> // as `meaning` says
}

interface Asked {
  readonly hands: Hands
  readonly guard: Guard
  readonly model: NamedEmbedding
  readonly options: Options
  readonly digest: string
  readonly fresh: Fresh
  readonly packed: readonly string[]
}

class Embedding {
  readonly #asked: Asked
  readonly #work: Work
  readonly #around: ReturnType<Guard['aroundEmbedding']>
  #n = 0
  #retries = 0

  constructor(asked: Asked, work: Work) {
    this.#asked = asked
    this.#work = work
    this.#around = asked.guard.aroundEmbedding(asked.model.id)
  }

  start(): void {
    let retryAt: number | undefined
    for (const event of this.#work.events) {
      if (event.kind === modelAsked.name) this.#n = read(modelAsked, event).n
      if (event.kind !== modelAttempted.name) continue
      this.#retries++
      ;({ retryAt } = read(modelAttempted, event))
    }
    if (!this.#work.mayBegin()) return
    if (retryAt === undefined) this.#begin()
    else this.#work.pause(retryAt, () => this.#begin())
  }

  #begin(): void {
    const { hands, guard, model, options } = this.#asked
    const work = this.#work
    work.effect(async () => {
      if (!(await work.holds()) || !work.mayBegin()) return
      const tooEarly = work.unread()
      if (tooEarly) return void hands.fail(tooEarly)
      let provided: EmbeddingModelV4
      try {
        provided = await model.get()
      } catch (error) {
        return void hands.fail(error)
      }
      this.#n++
      const tokens = guard.tokensOf(options.values)
      for (;;) {
        const setting = await this.#around.before(provided, tokens)
        if ('failure' in setting)
          return this.#failed(setting.failure, new Error(setting.failure.evidence.message), [])
        try {
          await work.record(this.#intent(setting.reserve), setting.appends, setting.unless)
        } catch (error) {
          if (!(error instanceof GuardFailed)) throw error
          continue
        }
        if (!(await work.holds())) return
        return this.#ask(provided, setting.settled)
      }
    })
  }

  #intent(reserve: { readonly tokens: number } | undefined) {
    const { digest, fresh, model, packed } = this.#asked
    const { redact, texts } = deskOf(this.#asked.hands)
    const { small, large } = split(redact(fresh))
    const body = {
      model: model.id,
      n: this.#n,
      conversation: digest,
      settings: '',
      values: redact(texts.pack(packed, {})),
      ...textsOf(small),
      ...(reserve ? { reserve } : {}),
    }
    return [
      ...large.map((one) => eventOf(modelText, { texts: one })),
      eventOf(modelAsked, body, this.#work.ref),
    ]
  }

  async #ask(provided: EmbeddingModelV4, settled: Setting['settled']): Promise<void> {
    const { hands, guard, options } = this.#asked
    const started = performance.now()
    const abortSignal = AbortSignal.any([
      this.#work.signal,
      ...(options.abortSignal ? [options.abortSignal] : []),
    ])
    let result: Result
    try {
      result = await hands.outside(() => Promise.resolve(provided.doEmbed({ ...options, abortSignal })))
    } catch (error) {
      const failure = classify(error, { kind: 'model', authors: guard.classifiers })
      await this.#around.after(failure)
      return this.#failed(failure, error, settled(undefined))
    }
    await this.#around.after(undefined)
    const usage = result.usage && { input: result.usage.tokens, output: 0 }
    const priced = usage ? guard.price(provided.provider, provided.modelId, usage) : 'unknown'
    const body: AnsweredBody = {
      provider: provided.provider,
      model: provided.modelId,
      id: hands.newId('emb'),
      at: hands.now(),
      content: [],
      vectors: result.embeddings.map((vector) =>
        Buffer.from(Float64Array.from(vector).buffer).toString('base64'),
      ),
      finish: { unified: 'stop' },
      usage: usage ?? {},
      ...(priced === 'unknown' ? {} : priced),
      ms: Math.round(performance.now() - started),
      n: this.#n,
    }
    const cost = priced === 'unknown' ? priced : priced.costUsd
    await this.#work.settle(
      [eventOf(modelAnswered, body, this.#work.ref)],
      settled(usage && { usage, costUsd: cost }),
    )
  }

  async #failed(failure: Failure, error: unknown, settled: Parameters<Work['record']>[1]): Promise<void> {
    const { hands, guard } = this.#asked
    const work = this.#work
    const { redact } = deskOf(hands)
    const { isTransient } = failure
    const body: FailedBody = {
      n: this.#n,
      ...redact(recorded(failure)),
      e: redact(recordOf(error)),
    }
    const pause = isTransient && !work.signal.aborted ? guard.pauseMs(failure, this.#retries + 1) : undefined
    if (pause === undefined)
      return work.settle([eventOf(modelFailed, { ...body, retried: this.#retries }, work.ref)], settled)
    this.#retries++
    const retryAt = hands.now() + Math.round(pause)
    await work.record([eventOf(modelAttempted, { ...body, retryAt }, work.ref)], settled)
    work.pause(retryAt, () => this.#begin())
  }
}

function resultOf({ vectors = [], usage }: AnsweredBody): Result {
  const embeddings = vectors.map((vector) => {
    const bytes = Uint8Array.from(Buffer.from(vector, 'base64'))
    return Array.from(new Float64Array(bytes.buffer))
  })
  return {
    embeddings,
    ...(usage.input === undefined ? {} : { usage: { tokens: usage.input } }),
    warnings: [],
  }
}
