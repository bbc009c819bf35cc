/** One try of a model call: the provider is asked, what streams in is passed on, what went wrong is named. */
import { classify, classifyAnswer, type Classifier, type Failure } from '../recovery/index.ts'
import { issuesOf } from '../task/index.ts'
import { Collector } from './collect.ts'
import { onTheWire } from './conversation.ts'
import { usageOf } from './answer.ts'
import type { Usage } from './events.ts'
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from './sdk.ts'

/** What one try came to. */
export interface Try {
  readonly collected: Collector
  readonly failure: Failure | undefined
  /** What was thrown, where something was; a failed answer has none. */
  readonly error: unknown
  readonly usage: Usage | undefined
  readonly ms: number
  readonly firstMs: number | undefined
}

export interface Trying {
  readonly model: LanguageModelV4
  readonly options: LanguageModelV4CallOptions
  readonly signal: AbortSignal
  /** How long nothing at all may come. */
  readonly idleMs: number
  readonly isStreamed: boolean
  /** What the application says that failures are. */
  readonly authors: readonly Classifier[]
  /** Each part of a stream, as it arrives. */
  readonly arrived: (part: LanguageModelV4StreamPart, collected: Collector) => void
}

/** Never rejects: what goes wrong is an answer too. */
export async function tryOnce(trying: Trying): Promise<Try> {
  const collected = new Collector()
  const started = performance.now()
  const idle = new Idle(trying.idleMs)
  const signal = AbortSignal.any([
    trying.signal,
    idle.signal,
    ...(trying.options.abortSignal ? [trying.options.abortSignal] : []),
  ])
  const options = { ...onTheWire(trying.options), abortSignal: signal }
  let firstMs: number | undefined
  const told = (part: LanguageModelV4StreamPart) => {
    idle.heard()
    if (part.type === 'error') throw part.error
    firstMs ??= isOutput(part) ? Math.round(performance.now() - started) : undefined
    collected.add(part)
    trying.arrived(part, collected)
  }
  let failure: Failure | undefined
  let error: unknown
  try {
    await (trying.isStreamed
      ? streamed(trying.model, options, told)
      : whole(trying.model, options, told, signal))
    failure = failureOf(collected, trying.options, trying.authors)
    if (failure) error = new UnusableAnswer(failure)
  } catch (thrown) {
    error = signal.aborted && signal.reason instanceof Error ? signal.reason : thrown
    failure = classify(error, { kind: 'model', authors: trying.authors })
  } finally {
    idle.stop()
  }
  const usage = collected.finish && usageOf(collected.finish.usage)
  return { collected, failure, error, usage, ms: Math.round(performance.now() - started), firstMs }
}

/** An answer came, and it is none. */
class UnusableAnswer extends Error {
  constructor({ evidence }: Failure) {
    super(evidence.message)
    this.name = 'UnusableAnswer'
  }
}

function isOutput({ type }: LanguageModelV4StreamPart): boolean {
  return type !== 'stream-start' && type !== 'response-metadata' && type !== 'ping' && type !== 'raw'
}

async function streamed(
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  told: (part: LanguageModelV4StreamPart) => void,
): Promise<void> {
  const { stream } = await orAborted(model.doStream(options), options.abortSignal)
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await orAborted(reader.read(), options.abortSignal)
      if (done) return
      told(value)
    }
  } catch (error) {
    void reader.cancel(error).catch(() => {})
    throw error
  }
}

async function whole(
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  told: (part: LanguageModelV4StreamPart) => void,
  signal: AbortSignal,
): Promise<void> {
  const { content, finishReason, usage, providerMetadata, response, warnings } = await orAborted(
    model.doGenerate(options),
    signal,
  )
  told({ type: 'stream-start', warnings })
  const { id, timestamp, modelId } = response ?? {}
  told({
    type: 'response-metadata',
    ...(id === undefined ? {} : { id }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(modelId === undefined ? {} : { modelId }),
  })
  for (const [i, part] of content.entries()) {
    const { providerMetadata: meta } = part
    const own = { id: String(i), ...(meta ? { providerMetadata: meta } : {}) }
    if (part.type === 'text') {
      told({ type: 'text-start', ...own })
      told({ type: 'text-delta', id: own.id, delta: part.text })
      told({ type: 'text-end', ...own, ...(part.citations ? { citations: part.citations } : {}) })
    } else if (part.type === 'reasoning') {
      told({ type: 'reasoning-start', ...own })
      told({ type: 'reasoning-delta', id: own.id, delta: part.text })
      told({ type: 'reasoning-end', ...own })
    } else told(part)
  }
  told({ type: 'finish', usage, finishReason, ...(providerMetadata ? { providerMetadata } : {}) })
}

/** A provider may not listen to the signal. */
async function orAborted<T>(work: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const aborted = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  if (signal.aborted) aborted()
  signal.addEventListener('abort', aborted, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', aborted)
  }
}

function failureOf(
  collected: Collector,
  { tools, responseFormat }: LanguageModelV4CallOptions,
  authors: readonly Classifier[],
): Failure | undefined {
  const { finish, text, content } = collected
  const finishReason = finish?.finishReason ?? { unified: 'interrupted', raw: undefined }
  const isJson = responseFormat?.type === 'json'
  const format = isJson ? ('json' as const) : ('text' as const)
  const names = tools?.map(({ name }) => name)
  const failure = classifyAnswer(
    { finishReason, text, content },
    { kind: 'model', format, authors, ...(names ? { tools: names } : {}) },
  )
  if (failure || !isJson || !responseFormat.schema || collected.hasCalls) return failure
  const issues = issuesOf(responseFormat.schema, JSON.parse(text))
  if (issues.length === 0) return undefined
  const message = `The answer does not fit its schema: ${issues.map(({ path, message }) => `${path || '(whole)'}: ${message}`).join('; ')}`
  return {
    mode: 'malformed_output',
    isTransient: false,
    evidence: { name: 'schema', message: message.slice(0, 2000) },
  }
}

/** Aborts when nothing has been heard for a while. */
class Idle {
  readonly #controller = new AbortController()
  readonly #ms: number
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
    this.heard()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  heard(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#controller.abort(
        new DOMException(`Nothing was heard of the provider for ${this.#ms} ms.`, 'TimeoutError'),
      )
    }, this.#ms)
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
