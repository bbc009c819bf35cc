/** Who is meant by a model: one of a provider's, or the name of one, found when it is asked. */
import { BadModel, ModelUnknown } from './errors.ts'
import { embeddingModelNamed, modelNamed, type EmbeddingModelV4, type LanguageModelV4 } from './sdk.ts'

/** What an application says of its models: by name, or whoever knows them. */
export type Models =
  | Readonly<Record<string, LanguageModelV4 | (() => LanguageModelV4 | Promise<LanguageModelV4>)>>
  | ((id: string) => LanguageModelV4 | Promise<LanguageModelV4> | undefined)

export interface Named {
  readonly id: string
  /** As it is known without looking. */
  readonly provider: string
  readonly supportedUrls: LanguageModelV4['supportedUrls']
  /** @throws {ModelUnknown} */
  readonly get: () => Promise<LanguageModelV4>
  /** Another of the same application. @throws {BadModel} */
  readonly other: (target: unknown) => Named
}

/** @throws {BadModel} for what is neither a name nor a model */
export function named(given: unknown, models: Models | undefined): Named {
  const other = (target: unknown) => named(target, models)
  if (isModel(given)) {
    const { provider, modelId, supportedUrls } = given
    return { id: `${provider}/${modelId}`, provider, supportedUrls, get: () => Promise.resolve(given), other }
  }
  if (typeof given !== 'string' || given.trim() === '')
    throw new BadModel(
      'ctx.model takes the name of a model, such as "openai/gpt-5.2", or a language model of the AI SDK (specification v4).',
    )
  let found: Promise<LanguageModelV4> | undefined
  const get = () => {
    found ??= find(given, models).catch((error: unknown) => {
      found = undefined
      throw error instanceof ModelUnknown ? error : new ModelUnknown(given, error)
    })
    return found
  }
  const provider = given.includes('/') ? given.slice(0, given.indexOf('/')) : 'unknown'
  return {
    id: given,
    provider,
    // Asked before each call, also one that is replayed: nobody has to provide the model then.
    get supportedUrls() {
      return get().then(
        (model) => model.supportedUrls,
        () => ({}),
      )
    },
    get,
    other,
  }
}

async function find(id: string, models: Models | undefined): Promise<LanguageModelV4> {
  const own =
    typeof models === 'function'
      ? await models(id)
      : Object.hasOwn(models ?? {}, id)
        ? models?.[id]
        : undefined
  const model = typeof own === 'function' ? await own() : (own ?? (await modelNamed(id)))
  if (!isModel(model))
    throw new ModelUnknown(
      id,
      new Error('what was found is no language model of the AI SDK, specification v4'),
    )
  return model
}

export function isModel(given: unknown): given is LanguageModelV4 {
  return (
    typeof given === 'object' &&
    given !== null &&
    'doGenerate' in given &&
    'specificationVersion' in given &&
    given.specificationVersion === 'v4'
  )
}

export interface NamedEmbedding {
  readonly id: string
  readonly provider: string
  readonly get: () => Promise<EmbeddingModelV4>
}

/** @throws {BadModel} */
export function embeddingNamed(given: unknown): NamedEmbedding {
  if (typeof given === 'object' && given !== null && 'doEmbed' in given) {
    const model = given as EmbeddingModelV4 // an object that embeds; what it answers is looked at
    return {
      id: `${model.provider}/${model.modelId}`,
      provider: model.provider,
      get: () => Promise.resolve(model),
    }
  }
  if (typeof given !== 'string' || given.trim() === '')
    throw new BadModel('ctx.embeddingModel takes the name of a model, or an embedding model of the AI SDK.')
  return {
    id: given,
    provider: given.split('/')[0] ?? '',
    get: () =>
      embeddingModelNamed(given).catch((error: unknown) => Promise.reject(new ModelUnknown(given, error))),
  }
}
