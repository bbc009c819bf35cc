/** The SDK's calls, for the run they are made in: models and tools are exchanged, all else is the SDK's. */
import * as sdk from 'ai'
import type { EmbeddingModel, LanguageModel, ToolSet } from 'ai'
import { contextHere, type Context } from '../../app/index.ts'
import { embeddingModelIn, modelIn, toolsIn } from './ambient.ts'

/** What of a call's settings is exchanged. */
interface Settings {
  readonly model?: LanguageModel
  readonly tools?: ToolSet
  readonly prepareStep?: (given: never) => unknown
  readonly prepareCall?: (given: never) => unknown
}

/** The settings of a call, or an agent, with models and tools of the run, whatever steps and calls are prepared with later included. */
export function settingsIn<S extends object>(ctx: Context, given: S): S {
  const { model, tools, prepareStep, prepareCall }: Settings = given
  return {
    ...given,
    ...(model === undefined ? {} : { model: modelIn(ctx, model) }),
    ...(tools === undefined ? {} : { tools: toolsIn(ctx, tools) }),
    ...(prepareStep ? { prepareStep: prepared(ctx, prepareStep) } : {}),
    ...(prepareCall ? { prepareCall: prepared(ctx, prepareCall) } : {}),
  }
}

function prepared(ctx: Context, prepare: (given: never) => unknown): (given: never) => Promise<unknown> {
  return async (given) => {
    const made = await prepare(given)
    return typeof made === 'object' && made !== null ? settingsIn(ctx, made) : made
  }
}

function inRun<F extends (given: never) => unknown>(call: F): F {
  const bound = (given: object) => {
    const ctx = contextHere()
    return (call as unknown as (given: object) => unknown)(ctx ? settingsIn(ctx, given) : given)
  }
  return bound as unknown as F // called as it is, with settings of the same shape
}

function embeddingInRun<F extends (given: never) => unknown>(call: F): F {
  const bound = (given: { readonly model?: EmbeddingModel }) => {
    const ctx = contextHere()
    return (call as unknown as (given: object) => unknown)(
      ctx && given.model !== undefined ? { ...given, model: embeddingModelIn(ctx, given.model) } : given,
    )
  }
  return bound as unknown as F // as above
}

export const generateText = inRun(sdk.generateText)
export const streamText = inRun(sdk.streamText)
export const experimental_streamTextLowMemory = inRun(sdk.experimental_streamTextLowMemory)
export const experimental_streamLanguageModelCall = inRun(sdk.experimental_streamLanguageModelCall)
export const generateObject = inRun(sdk.generateObject)
export const streamObject = inRun(sdk.streamObject)
export const embed = embeddingInRun(sdk.embed)
export const embedMany = embeddingInRun(sdk.embedMany)
