/**
 * The run that code finds itself in, to code that was not handed a `ctx`.
 *
 * A1. In a body, or in the function of a tool, there is one. In a step's function there is none: a step is one effect, and what it
 *     calls is its own affair.
 * A2. Outside of a run everything is the SDK's own.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import * as sdk from 'ai'
import type { EmbeddingModel, LanguageModel, ToolSet } from 'ai'
import {
  contextHere,
  type Context,
  type StepOptions,
  type StepTools,
  type ToolOptions,
} from '../../app/index.ts'
import { isRecorded, markRecorded } from '../../model/index.ts'

/** What a route says of its tools, by their names; `*` for all the others. */
export type ToolSettings = Readonly<Record<string, ToolOptions | undefined>>

/** Of the route whose handler is at work. */
export const routeTools = new AsyncLocalStorage<ToolSettings>()

/** The context of the run this is called in; undefined outside of one. */
export function current(): Context | undefined {
  return contextHere()
}

/**
 * Does something once for the record, as `ctx.step`; outside of a run it is just done. For effects of a handler, such as saving what was
 * said in `onFinish`.
 */
export async function step<T>(
  name: string,
  fn: (tools: StepTools) => Promise<T> | T,
  options?: StepOptions<T>,
): Promise<T> {
  const ctx = contextHere()
  if (ctx) return ctx.step(name, fn, options)
  const { signal } = new AbortController()
  return fn({ signal, attempt: 1, idempotencyKey: crypto.randomUUID(), heartbeat: () => {} })
}

/** A model whose calls are on the record, in place of whichever way of naming one the SDK takes. */
export function modelIn(ctx: Context, model: LanguageModel): LanguageModel {
  if (typeof model === 'string') return ctx.model(model)
  if (isRecorded(model)) return model
  // Models of older specifications are raised to the current one by the SDK, where it wraps them.
  return ctx.model(
    model.specificationVersion === 'v4' ? model : sdk.wrapLanguageModel({ model, middleware: [] }),
  )
}

export function embeddingModelIn(ctx: Context, model: EmbeddingModel): EmbeddingModel {
  if (typeof model === 'string') return ctx.embeddingModel(model)
  if (isRecorded(model)) return model
  if (model.specificationVersion === 'v4') return ctx.embeddingModel(model)
  // The types name v3 alone; what raises it takes v2 as well.
  const older = model as Parameters<typeof sdk.wrapEmbeddingModel>[0]['model']
  return ctx.embeddingModel(sdk.wrapEmbeddingModel({ model: older, middleware: [] }))
}

/** Durable tools; those that are already stay as they are. */
export function toolsIn(ctx: Context, tools: ToolSet): ToolSet {
  const settings = routeTools.getStore() ?? {}
  const own: Record<string, ToolOptions> = {}
  for (const [name, said] of Object.entries(settings))
    if (said && (name === '*' || Object.hasOwn(tools, name))) own[name] = said
  return ctx.tools(tools, own)
}

/** Of a model that is on the record already, what is wrapped around it stays outside: it is part of the body. */
export const wrapLanguageModel: typeof sdk.wrapLanguageModel = (given) => {
  const wrapped = sdk.wrapLanguageModel(given)
  return isRecorded(given.model) ? markRecorded(wrapped) : wrapped
}

export const wrapEmbeddingModel: typeof sdk.wrapEmbeddingModel = (given) => {
  const wrapped = sdk.wrapEmbeddingModel(given)
  return isRecorded(given.model) ? markRecorded(wrapped) : wrapped
}
