/** Models and tools of the AI SDK, as a body has them. */
import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider'
import type { Duration } from './duration.ts'
import type { SideEffect } from './boundary.ts'
import type { Reconciled } from './context.ts'

export interface ModelOptions {
  /** How long nothing may be heard of a provider before a try counts as failed; 5 minutes unless told. */
  readonly timeout?: Duration
  /** `throw`: failures reach the body as the SDK's own errors, and no ladder is walked. `recover` unless told. */
  readonly failures?: 'recover' | 'throw'
}

/** What is said of a tool that the SDK does not know of. */
export interface ToolOptions {
  /** What it may do to the world outside; irreversible unless told. */
  readonly effect?: SideEffect
  /** The intent is recorded first, and the effect is never repeated by guessing. */
  readonly once?: boolean
  /** Whether an effect in doubt took place. */
  readonly reconcile?: (about: {
    readonly idempotencyKey: string
    readonly args: unknown
  }) => Reconciled<unknown> | Promise<Reconciled<unknown>>
  /** A person has to approve each call: of these arguments, where it is a function. */
  readonly approval?:
    | boolean
    | { readonly to?: string; readonly timeout?: Duration }
    | ((args: never) => boolean)
  readonly timeout?: Duration
}

/** What a tool's function is given beyond what the SDK gives it. */
export interface ToolExtras {
  /** The same on every attempt and after every crash. */
  readonly idempotencyKey: string
  readonly attempt: number
  /** Reaches the hosts that the boundary allows. */
  readonly fetch: typeof fetch
}

export interface ModelContext {
  /**
   * A language model of the AI SDK whose every call is on the record: answered once, replayed after a crash, bounded. Pass it to
   * `generateText`, `streamText` or an agent. @throws {BadModel}
   */
  model(model: string | LanguageModelV4, options?: ModelOptions): LanguageModelV4
  /** An embedding model, the same way. @throws {BadModel} */
  embeddingModel(model: string | EmbeddingModelV4): EmbeddingModelV4
  /** Tools of the AI SDK, durable and bounded: pass them on in place of the ones given. @throws {BadModel} */
  tools<T extends Readonly<Record<string, object>>>(
    tools: T,
    options?: { readonly [K in keyof T]?: ToolOptions } & { readonly '*'?: ToolOptions },
  ): T
}
