/** The AI SDK's types, by one door; the SDK itself, where it is needed. */
import { ThroughlineError } from '../errors.ts'

export type {
  EmbeddingModelV4,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import type { EmbeddingModelV4, LanguageModelV4, ProviderV4 } from '@ai-sdk/provider'
import type * as AiSdk from 'ai'

/** The AI SDK is not installed, and something was asked of it. */
export class SdkMissing extends ThroughlineError {
  constructor(cause: unknown) {
    super('ai_sdk_missing', {
      message:
        'A model was asked by its name, which needs the AI SDK: npm install ai. Or pass a model of one of its providers to ctx.model.',
      cause,
    })
  }
}

type Sdk = typeof AiSdk

let loading: Promise<Sdk> | undefined

/** @throws {SdkMissing} */
export function loadSdk(): Promise<Sdk> {
  loading ??= import('ai').catch((error: unknown) => {
    loading = undefined
    throw new SdkMissing(error)
  })
  return loading
}

/** Who answers for a name: the SDK's own default, which an application may set. */
export async function modelNamed(id: string): Promise<LanguageModelV4> {
  return (await provider()).languageModel(id)
}

export async function embeddingModelNamed(id: string): Promise<EmbeddingModelV4> {
  return (await provider()).embeddingModel(id)
}

async function provider(): Promise<ProviderV4> {
  const chosen = (globalThis as { readonly AI_SDK_DEFAULT_PROVIDER?: ProviderV4 }).AI_SDK_DEFAULT_PROVIDER
  return chosen ?? ((await loadSdk()).gateway as ProviderV4) // the gateway speaks the providers' specification
}
