/** The limits a task may not cross. */
import type { Duration } from './duration.ts'
import type { Ladder } from './recovery.ts'
import type { Compaction } from './window.ts'

/** What an effect may do to the world outside. */
export type SideEffect = 'read' | 'reversible' | 'irreversible'

/** What can be crossed. */
export type Limit =
  | 'costUsd'
  | 'tokens'
  | 'modelCalls'
  | 'toolCalls'
  | 'steps'
  | 'duration'
  | 'tools'
  | 'effects'
  | 'egress'
  | 'context'
  | 'confidence'

/**
 * How much a run may use, its children and retries included. What a call may use at most is reserved before it begins, and settled when it
 * ends; what nobody reported stays as it was reserved. Zero means none at all.
 */
export interface Budget {
  /** In US dollars. */
  readonly costUsd?: number
  /** Of models: input, output and thinking. */
  readonly tokens?: number
  readonly modelCalls?: number
  readonly toolCalls?: number
  /** Attempts of steps. */
  readonly steps?: number
  /** From the start of the run: looked at before each effect, and by a timer while the run is in memory. */
  readonly duration?: Duration
  /** What a million tokens of a model cost whose price nobody knows. Without it, such a model is refused under a budget of `costUsd`. */
  readonly usdPerMillionTokens?: number
}

/** A value fails it by anything but `true`; what it throws fails it as well. */
export type Invariant =
  // A value has another shape at each stage, which no type here could say; whoever writes the invariant annotates what it is asked of.
  (
    // oxlint-disable-next-line typescript/no-explicit-any
    value: any,
    about: { readonly stage: string; readonly input: unknown },
  ) => boolean | string | Promise<boolean | string>

/** The limits a task may not cross. Children inherit them, and can only narrow them. */
export interface Boundary {
  readonly budget?: Budget
  readonly tools?: {
    /** Only these, by name; all unless told. */
    readonly allow?: readonly string[]
    /** How often each may be called in this run and its children. */
    readonly limits?: Readonly<Record<string, number>>
  }
  readonly context?: {
    /** How large a conversation may be that is sent to a model. */
    readonly maxTokens?: number
    /** Kinds of messages that are never left out (`ctx.context.add(message, { kind })`), and kinds of items that a window says besides. */
    readonly keep?: readonly string[]
    /** How a conversation that is too long is made shorter; `dropToolBodies().then(window())` unless told. */
    readonly compaction?: Compaction
  }
  /** What tools may do to the world outside; a tool that does not say counts as irreversible. */
  readonly effects?: readonly SideEffect[]
  /**
   * The hosts that may be reached: `api.example.com`, `*.example.com`, `localhost:11434`. It holds
   * for tools as far as they use the `fetch` they are given: not for a socket that a tool opens on its own, nor for a provider's connections.
   */
  readonly egress?: { readonly allowHosts: readonly string[] }
  /** How many model calls may be under way at once in a process; the others wait. */
  readonly concurrency?: number
  /** How many calls of models and tools may begin within any such length of time; the others wait. */
  readonly rate?: { readonly calls: number; readonly per: Duration }
  /**
   * How sure a checkpoint, and the output, has to be of its value, from 0 to 1. That is read where the checkpoint says; else at `of`, which
   * every value must have then; else in `confidence`, of values that have one.
   */
  readonly confidence?: { readonly minimum: number; readonly of?: string }
  /** What must hold of the value of every checkpoint and of the output; or of those stages only that are named in `at`. */
  readonly invariants?: Readonly<
    Record<string, Invariant | { readonly at: string | readonly string[]; readonly holds: Invariant }>
  >
  /** What to do when a limit would be crossed: one way out of all, or one of each. To halt unless told. */
  readonly onBreach?: Ladder | Readonly<Partial<Record<Limit, Ladder>>>
}
