/** The model of an example: the real one where the environment has a key or an address, else a server of this machine. */
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { modelServer, type ModelServerOptions } from './server.ts'

export interface FoundModel {
  readonly model: LanguageModelV4
  /** Where it comes from, for people: `gpt-5.2 at api.openai.com`. */
  readonly from: string
  /** Ends what was started for it, if anything was. */
  readonly close: () => Promise<void>
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * A model by the environment: `THROUGHLINE_MODEL_URL` (a dev server that runs already), `ANTHROPIC_API_KEY`, `OPENAI_API_KEY`,
 * `OLLAMA_HOST`, in that order; without any, a model server is started, with `options`: a script to answer by, say. `THROUGHLINE_MODEL`
 * names the model.
 * Needs `@ai-sdk/anthropic` or `@ai-sdk/openai-compatible`.
 */
export async function modelFromEnvironment(
  environment: Environment = process.env,
  options: ModelServerOptions = {},
): Promise<FoundModel> {
  const { THROUGHLINE_MODEL: model, THROUGHLINE_MODEL_URL: dev } = environment
  const none = () => Promise.resolve()
  if (filled(dev)) return { ...(await compatible('dev', `${base(dev)}/v1`, model ?? 'dev')), close: none }
  if (filled(environment.ANTHROPIC_API_KEY))
    return { ...(await claude(environment, model ?? 'claude-sonnet-4-5')), close: none }
  const { OPENAI_API_KEY: key, OLLAMA_HOST: ollama } = environment
  if (filled(key)) {
    const url = environment.OPENAI_BASE_URL ?? 'https://api.openai.com/v1'
    return { ...(await compatible('openai', url, model ?? 'gpt-5.2', key)), close: none }
  }
  if (filled(ollama))
    return { ...(await compatible('ollama', `${base(ollama)}/v1`, model ?? 'llama3.2')), close: none }
  const server = await modelServer(options)
  return { ...(await compatible('dev', server.openai, model ?? 'dev')), close: server.close }
}

function filled(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== ''
}

/** Ollama takes `127.0.0.1:11434` and `0.0.0.0` for an address, too. */
function base(address: string): string {
  const url = new URL(/^https?:\/\//.test(address) ? address : `http://${address}`)
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (url.port === '' && !/^https?:\/\//.test(address)) url.port = '11434'
  return url.href.replace(/\/$/, '')
}

async function compatible(name: string, baseURL: string, modelId: string, apiKey?: string) {
  const { createOpenAICompatible } = await provider(
    '@ai-sdk/openai-compatible',
    () => import('@ai-sdk/openai-compatible'),
  )
  const create = createOpenAICompatible({
    ...{ name, baseURL, includeUsage: true, supportsStructuredOutputs: true },
    ...(apiKey === undefined ? {} : { apiKey }),
  })
  return { model: create(modelId), from: `${modelId} at ${new URL(baseURL).host}` }
}

async function claude(environment: Environment, modelId: string) {
  const { createAnthropic } = await provider('@ai-sdk/anthropic', () => import('@ai-sdk/anthropic'))
  const { ANTHROPIC_API_KEY: apiKey = '', ANTHROPIC_BASE_URL: baseURL } = environment
  const create = createAnthropic({ apiKey, ...(filled(baseURL) ? { baseURL } : {}) })
  return { model: create(modelId), from: `${modelId} at ${filled(baseURL) ? baseURL : 'api.anthropic.com'}` }
}

async function provider<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new Error(`This needs ${name}: npm install ${name}`, { cause })
  }
}
