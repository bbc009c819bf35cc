/** The managed context window: what a model is shown of a conversation that may be longer than it can take. */
import type { LanguageModel, ModelMessage } from 'ai'

export interface AddOptions {
  /** What is least is left out first; 0 unless told. */
  readonly priority?: number
  /** Never left out. */
  readonly pin?: boolean
  /** `question`: kept until it is resolved. Any other word: kept where `boundary.context.keep` names it. */
  readonly kind?: string
  /** By which it is fetched; `m1`, `m2`, … unless told. Of several messages: `<id>/1`, `<id>/2`, … */
  readonly id?: string
}

/** How a message left the window: taken out, its tool results without their bodies, or put into a summary. */
export type DroppedAs = 'dropped' | 'emptied' | 'summarised'

/** A message that is not shown any more, or not whole. */
export interface Dropped {
  readonly id: string
  readonly as: DroppedAs
  /** SHA-256 of the message. */
  readonly digest: string
  /** That are saved by it. */
  readonly tokens: number
}

/** What a compaction came to. */
export interface Compacted {
  /** As it was declared: `dropToolBodies › window`. */
  readonly strategy: string
  /** In tokens, as all figures of a window are. */
  readonly before: number
  readonly after: number
  readonly dropped: readonly Dropped[]
  /** Items of memory the window says of its own accord, by id and version. */
  readonly kept: readonly { readonly id: string; readonly version: number }[]
}

/** What a provider said a request had. */
export interface Reported {
  readonly inputTokens: number
  /** What was sent, as the SDK or as the provider has it. */
  readonly messages: readonly unknown[]
  /** Each model counts in its own way. */
  readonly model?: string
}

/** What makes text shorter: a function, the id of a model, or a model of the AI SDK; models are called through `ctx.model`. */
export type Summariser =
  | LanguageModel
  | ((text: string, about: { readonly maxTokens: number }) => string | Promise<string>)

/** One way to make a window smaller. */
export type CompactionLink =
  | { readonly name: 'dropToolBodies'; readonly last: number }
  | {
      readonly name: 'summarise'
      readonly model: Summariser
      readonly last: number
      readonly maxTokens: number
    }
  | { readonly name: 'window'; readonly last: number }

/** What is done, in this order, until the window is small enough. Never changed: `then` gives a longer one. */
export interface Compaction {
  readonly links: readonly CompactionLink[]
  then(next: Compaction): Compaction
}

/** `boundary.context`, and what a window of its own may be given. */
export interface WindowOptions {
  /** Of messages, instructions and tools together. No limit unless told. */
  readonly maxTokens?: number
  /** `dropToolBodies().then(window())` unless told. */
  readonly compaction?: Compaction
  /**
   * Kinds of messages that are never left out; and kinds of items that a compacted window says, besides live decisions, constraints and
   * questions, which it always does.
   */
  readonly keep?: readonly string[]
}

export interface ContextWindow {
  /**
   * Adds messages of the AI SDK; gives their ids. A tool's result belongs to its call: both stay or both go.
   * @throws {BadMessage} and adds none of them
   */
  add(messages: ModelMessage | readonly ModelMessage[], options?: AddOptions): readonly string[]
  /** What to show the model: compacted first, if it is more than the limit. @throws {ContextOverflow} */
  messages(options?: { readonly maxTokens?: number }): Promise<ModelMessage[]>
  /** Makes it smaller now, once. @throws {ContextOverflow} if that did not help; then nothing is left out */
  compact(strategy?: Compaction): Promise<Compacted>
  /** A question that was added has its answer: from now on it may be left out. @throws {BadMessage} */
  resolve(id: string): void
  /** A message as it was added, whether it is still shown or not. */
  fetch(id: string): ModelMessage | undefined
  /** What the provider counted: from then on the estimate goes by it. `ctx.model` says so by itself. */
  reported(report: Reported): void
  /** About how many the model would count. */
  readonly tokens: number
  /** Undefined where there is none. */
  readonly limit: number | undefined
  /** Everything that is not shown whole, oldest first. */
  readonly dropped: readonly Dropped[]
  /** Another one, for a conversation of its own. */
  open(options?: WindowOptions): ContextWindow
}
