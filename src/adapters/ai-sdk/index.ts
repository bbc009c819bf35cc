/**
 * `throughline/ai-sdk`: the AI SDK under its own names, for the run it is used in, and `durable`, which makes a run of a request.
 *
 * Which names there are is the SDK's to say: an import line of an agent that exists works as it is, whatever is on it. Those below take
 * the place of the SDK's own.
 */
export * from 'ai'
export { ToolLoopAgent, ToolLoopAgent as Experimental_Agent } from './agent.ts'
export { current, step, wrapEmbeddingModel, wrapLanguageModel, type ToolSettings } from './ambient.ts'
export {
  embed,
  embedMany,
  experimental_streamLanguageModelCall,
  experimental_streamTextLowMemory,
  generateObject,
  generateText,
  streamObject,
  streamText,
} from './calls.ts'
export { durable, type Admitted, type Handler, type Route, type RouteOptions } from './durable.ts'
export { BadRoute } from './errors.ts'
export { createIdGenerator, generateId } from './ids.ts'
export { connect } from './layer.ts'
export type { ToolExtras, ToolOptions } from '../../app/index.ts'
export type { RecordedRequest, RouteContext } from './request.ts'
export type { RecordedResponse } from './response.ts'
