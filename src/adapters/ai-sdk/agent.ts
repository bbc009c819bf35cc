/** The SDK's agent, for the run it is called in: one agent may be defined once and serve many runs. */
import * as sdk from 'ai'
import type { OutputInterface, ToolLoopAgentSettings, ToolSet } from 'ai'
import { contextHere } from '../../app/index.ts'
import { settingsIn } from './calls.ts'

type Facts = Record<string, unknown>

/** The SDK's agent; called in a run, its model and tools are the run's. */
export class ToolLoopAgent<
  CallOptions = never,
  Tools extends ToolSet = Record<never, never>,
  RuntimeContext extends Facts = Facts,
  Output extends OutputInterface = never,
> extends sdk.ToolLoopAgent<CallOptions, Tools, RuntimeContext, Output> {
  readonly #settings: ToolLoopAgentSettings<CallOptions, Tools, RuntimeContext, Output>

  constructor(settings: ToolLoopAgentSettings<CallOptions, Tools, RuntimeContext, Output>) {
    super(settings)
    this.#settings = settings
  }

  override generate(
    asked: Parameters<sdk.ToolLoopAgent<CallOptions, Tools, RuntimeContext, Output>['generate']>[0],
  ) {
    return this.#here()?.generate(asked) ?? super.generate(asked)
  }

  override stream(
    asked: Parameters<sdk.ToolLoopAgent<CallOptions, Tools, RuntimeContext, Output>['stream']>[0],
  ) {
    return this.#here()?.stream(asked) ?? super.stream(asked)
  }

  /** The same agent with the models and tools of the run. */
  #here(): sdk.ToolLoopAgent<CallOptions, Tools, RuntimeContext, Output> | undefined {
    const ctx = contextHere()
    return ctx && new sdk.ToolLoopAgent(settingsIn(ctx, this.#settings))
  }
}
