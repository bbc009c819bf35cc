/**
 * What stands around a call of a model or a tool: the boundary, the breaker, the price, and the record that is still to be asked for.
 *
 * G1. Everything is looked at before the call; what stands in its way is a failure like any other, with a way out.
 * G2. A call that has no record, while effects are recorded that followed another conversation, is not made: the run has diverged.
 */
import { boundaryOf, compacted, isBreach, reportTo, type Reservation, type Used } from '../boundary/index.ts'
import { breakerOf, ladderFor, pauseOf, type Classifier, type Failure } from '../recovery/index.ts'
import { read, ReplayDiverged, type Hands, type Work } from '../run/index.ts'
import type { Asking, Cost, Setting } from './asking.ts'
import { toolCalled, type AskedBody, type Usage } from './events.ts'
import { Gauge } from './gauge.ts'
import { priceOf, type Prices } from './price.ts'
import { inputBound, reservationOf } from './reserve.ts'
import type { LanguageModelV4, LanguageModelV4CallOptions } from './sdk.ts'

export interface GuardSettings {
  readonly prices?: Prices | undefined
  readonly classifiers?: readonly Classifier[] | undefined
}

type Drift = NonNullable<AskedBody['drift']>
const GUARD = Symbol('guard')
const PATIENT_TURNS = 20

export class Guard {
  readonly #hands: Hands
  readonly #prices: Prices | undefined
  readonly #gauge: Gauge
  #drift: Drift[number][] = []
  /** What the application says that failures are. */
  readonly classifiers: readonly Classifier[]

  constructor(hands: Hands, { prices, classifiers = [] }: GuardSettings) {
    this.#hands = hands
    this.#prices = prices
    this.classifiers = classifiers
    this.#gauge = new Gauge()
  }

  /** A record was made under other settings than the code has now. */
  drifted(drift: Drift[number]): void {
    this.#drift.push(drift)
    this.#hands.logger.warn(
      `"${drift.operation}" of ${this.#hands.run.id} was answered under other settings than the code has now; its answer is kept.`,
      { run: this.#hands.run.id, ...drift },
    )
  }

  takeDrift(): Drift | undefined {
    const drift = this.#drift
    this.#drift = []
    return drift.length > 0 ? drift : undefined
  }

  around(
    name: string,
    options: LanguageModelV4CallOptions,
  ): Pick<Asking, 'authors' | 'before' | 'after' | 'price' | 'pauseMs'> {
    const breaker = breakerOf(this.#hands.log, `model/${name}`, this.#hands.now)
    let reservation: Reservation | undefined
    return {
      authors: this.classifiers,
      before: async (model) => {
        reservation?.release()
        const refused = await breaker.before()
        if (refused) return { failure: refused }
        const setting = await this.#set(model, name, options)
        reservation = 'reservation' in setting ? setting.reservation : undefined
        if ('failure' in setting) await breaker.leave()
        return setting
      },
      after: (failure) => breaker.after(failure),
      price: (by, answered, usage) => this.#price(by, answered, usage),
      pauseMs: (failure, n) => this.pauseMs(failure, n),
    }
  }

  /** Retries that nobody is told of: those of the first rung of its ladder. */
  pauseMs(failure: Failure, n: number): number | undefined {
    const [rung] = ladderFor(this.#hands.task, failure.mode).rungs
    if (rung?.kind !== 'retry' || rung.on || n > (rung.attempts ?? 3)) return undefined
    return pauseOf(rung, n, this.#hands.random(), failure.retryAfterMs)
  }

  async #set(
    model: LanguageModelV4,
    name: string,
    options: LanguageModelV4CallOptions,
  ): Promise<(Setting & { readonly reservation: Reservation }) | { readonly failure: Failure }> {
    const limits = boundaryOf(this.#hands)
    const { provider, modelId } = model
    const inputTokens = this.#gauge.tokensOf(options)
    const { contextTokens = Infinity } = limits
    if (inputTokens > contextTokens) return { failure: tooLarge(inputTokens, contextTokens) }
    const set = reservationOf({
      provider,
      model: modelId,
      inputTokens: inputBound(inputTokens, 'estimated'),
      maxOutputTokens: options.maxOutputTokens,
      reasoning: options.reasoning,
      providerOptions: options.providerOptions,
      at: this.#hands.now(),
      overrides: this.#prices,
    })
    const reservation = await limits.reserve({
      kind: 'model',
      name,
      tokens: set.tokens,
      costUsd: set.costUsd,
    })
    if (isBreach(reservation)) return { failure: reservation.failure }
    const { tokens = set.tokens, costUsd } = reservation.body
    return {
      reservation,
      reserve: {
        tokens,
        ...(costUsd === undefined
          ? set.costUsd === 'unknown'
            ? {}
            : { costUsd: set.costUsd }
          : { costUsd }),
      },
      appends: reservation.appends,
      unless: reservation.unless,
      options: { ...options, maxOutputTokens: options.maxOutputTokens ?? set.maxOutputTokens },
      settled: (actual) => reservation.settled(usedOf(actual, actual?.usage.input, actual?.usage.output)),
    }
  }

  /** The same for an embedding, of which nothing comes out but vectors. */
  aroundEmbedding(name: string): {
    readonly before: (
      model: { readonly provider: string; readonly modelId: string },
      tokens: number,
    ) => Promise<Omit<Setting, 'options'> | { readonly failure: Failure }>
    readonly after: (failure: Failure | undefined) => Promise<void>
  } {
    const breaker = breakerOf(this.#hands.log, `model/${name}`, this.#hands.now)
    let reservation: Reservation | undefined
    return {
      before: async ({ provider, modelId }, counted) => {
        reservation?.release()
        const refused = await breaker.before()
        if (refused) return { failure: refused }
        const tokens = inputBound(counted, 'estimated')
        const priced = this.#price(provider, modelId, { input: tokens, output: 0 })
        const costUsd = priced === 'unknown' ? priced : priced.costUsd
        const reserved = await boundaryOf(this.#hands).reserve({ kind: 'model', name, tokens, costUsd })
        if (isBreach(reserved)) {
          await breaker.leave()
          return { failure: reserved.failure }
        }
        reservation = reserved
        return {
          reserve: { tokens, ...(costUsd === 'unknown' ? {} : { costUsd }) },
          appends: reserved.appends,
          unless: reserved.unless,
          settled: (actual) => reserved.settled(usedOf(actual, actual?.usage.input)),
        }
      },
      after: (failure) => breaker.after(failure),
    }
  }

  price(provider: string, model: string, usage: Usage): Cost | 'unknown' {
    return this.#price(provider, model, usage)
  }

  tokensOf(texts: readonly string[]): number {
    return this.#gauge.ofTexts(texts)
  }

  #price(provider: string, model: string, usage: Usage): Cost | 'unknown' {
    const priced = priceOf({ provider, model, usage, at: this.#hands.now(), overrides: this.#prices })
    return priced === 'unknown' ? priced : { costUsd: priced.costUsd, prices: priced.table }
  }

  /** The request as it fits: into what the boundary allows; where that was kept to, into half of what it is. */
  async compacted(
    hands: Hands,
    options: LanguageModelV4CallOptions,
  ): Promise<LanguageModelV4CallOptions['prompt'] | undefined> {
    const tokens = this.#gauge.tokensOf(options)
    const { contextTokens = Infinity } = boundaryOf(hands)
    const most = tokens > contextTokens ? contextTokens : Math.floor(tokens / 2)
    // The window gives back messages of the kind it was given.
    return (await compacted(hands, options.prompt, most)) as LanguageModelV4CallOptions['prompt'] | undefined
  }

  /** What a provider said a request had, for the windows it may be about. */
  reported(hands: Hands, model: string, options: LanguageModelV4CallOptions, { input }: Usage): void {
    if (input !== undefined) reportTo(hands, { inputTokens: input, messages: options.prompt, model })
  }

  /** Begins a call that has no record, unless the record is of another conversation, which had effects. */
  mayGoOn(hands: Hands, work: Work, begin: () => void): void {
    if (effectsNotAskedFor(hands).length === 0) return begin()
    work.effect(async () => {
      // Others may still be on their way to what is recorded of them.
      for (let turn = 0; turn < PATIENT_TURNS; turn++) await new Promise(setImmediate)
      const [effect] = effectsNotAskedFor(hands)
      if (effect === undefined) return begin()
      void hands.halt(
        new ReplayDiverged(hands.run.id, effect, 'after another conversation', `not before "${work.path}"`),
      )
    })
  }
}

function tooLarge(tokens: number, most: number): Failure {
  const message = `The conversation has about ${tokens} tokens; boundary.context allows ${most}.`
  return { mode: 'context_overflow', isTransient: false, evidence: { name: 'ContextTooLarge', message } }
}

/** Tools that ran once, by the record, in the branch that asks, and that nobody asked for yet. */
function effectsNotAskedFor(hands: Hands): readonly string[] {
  return hands
    .unasked('tool')
    .filter(({ events }) =>
      events.some((event) => event.kind === toolCalled.name && read(toolCalled, event).effect === 'once'),
    )
    .map(({ key }) => key)
}

/** What a provider left out is not nothing: then the whole reservation stands. */
function usedOf(
  actual: { readonly costUsd?: number | 'unknown' } | undefined,
  ...parts: readonly (number | undefined)[]
): Used | 'unknown' {
  if (!actual || parts.includes(undefined)) return 'unknown'
  const { costUsd } = actual
  const tokens = parts.reduce<number>((sum, part) => sum + (part ?? 0), 0)
  return costUsd === undefined ? { tokens } : { tokens, costUsd }
}

export const guardOf = (hands: Hands, settings: GuardSettings): Guard =>
  hands.shared(GUARD, () => new Guard(hands, settings))
