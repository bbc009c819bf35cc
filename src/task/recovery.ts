/** Ways out of failures, as a task declares them: for each mode a ladder, whose rungs are taken one after another. */
import type { StepOptions, StepTools } from './context.ts'
import type { Duration } from './duration.ts'
import type { Schema } from './schema.ts'

/** What is known of a failure when a ladder is asked. */
export interface SeenFailure {
  readonly mode: string
  /** Whether doing the same again may do, with nothing changed. */
  readonly isTransient: boolean
  /** How long the other side asked to be left alone. */
  readonly retryAfterMs?: number
  readonly evidence: { readonly name: string; readonly message: string }
}

/** Doing the same again, after a pause. */
export interface RetryRung {
  /** How often, after the failure; 3 unless told, 100 at most. */
  readonly attempts?: number
  /** Before the first; 1 s unless told. */
  readonly initial?: Duration
  /** What each further pause is multiplied by; 2 unless told. */
  readonly factor?: number
  /** The longest pause; 1 minute unless told, or the first where that is longer. A longer Retry-After is kept to all the same. */
  readonly max?: Duration
  /** Draw each pause evenly from zero to its ceiling; true unless told. */
  readonly jitter?: boolean
  /** Whether this failure is one to try again; those that may pass by themselves unless told. */
  readonly on?: (failure: SeenFailure) => boolean
}

/** Asking again, with what was wrong. */
export interface RepairRung {
  /** How often; 2 unless told, 100 at most. */
  readonly attempts?: number
  /** The most tokens that what was wrong may have, all attempts together; 2,000 unless told. */
  readonly tokens?: number
  /** What is said of the failure; its message unless told. */
  readonly say?: (failure: SeenFailure) => string
}

export interface AskRung {
  /** What is asked; the failure in words unless told. */
  readonly question?: string
  /** What an answer must look like. */
  readonly schema?: Schema
  /** How long is waited for it; for ever unless told. Then the next rung is taken. */
  readonly timeout?: Duration
}

export type EscalateRung = Pick<AskRung, 'timeout'>

/** Another model by its id or as an AI SDK model, another tool, or another task. */
export type FallbackTarget = string | object

/** One way out. */
export type Rung =
  | ({ readonly kind: 'retry' } & RetryRung)
  | ({ readonly kind: 'repair' } & RepairRung)
  | { readonly kind: 'compact' }
  | { readonly kind: 'fallback'; readonly target: FallbackTarget }
  | ({ readonly kind: 'ask'; readonly to?: string } & AskRung)
  | ({ readonly kind: 'escalate'; readonly to: string } & EscalateRung)
  | { readonly kind: 'accept_partial'; readonly schema?: Schema }
  | { readonly kind: 'compensate' }
  | { readonly kind: 'halt' }

/** Ways out, in their order. Never changed: `then` gives another ladder. */
export interface Ladder {
  readonly rungs: readonly Rung[]
  /** This ladder, and when it is used up, that one. */
  then(next: Ladder): Ladder
}

/** The ways out a task declares, by mode. What is not declared goes the way that is safe for its mode (docs/guides/failures.md). */
export type Recovery = { readonly [Mode in RecoveryKey]?: Ladder }

/** The modes of failure, as `task({ recovery })` names them. */
export type RecoveryKey = (typeof recoveryKeys)[number]

/** In the order of the guide. */
export const recoveryKeys = [
  'contextOverflow',
  'lostContext',
  'toolFailure',
  'wrongTool',
  'unknownSideEffect',
  'malformedOutput',
  'partialLoss',
  'conflictingInstructions',
  'missingInformation',
  'repetition',
  'noTermination',
  'prematureEnd',
  'refusal',
  'boundaryBreach',
  'decisionConflict',
  'staleData',
  'approvalExpired',
  'saturation',
  'providerOutage',
  'configuration',
  'unclassified',
] as const

/** What the function of `ctx.recover` gets. */
export interface RecoverTools extends StepTools {
  /** What was wrong with the try before, where a ladder says to repair. */
  readonly feedback: string | undefined
  /** What a ladder falls back to: the id of a model, a model, or a tool. */
  readonly instead: FallbackTarget | undefined
}

export interface RecoverOptions<T> extends Pick<StepOptions<T>, 'output' | 'timeout' | 'compensate'> {
  /** Of which mode an error is, where its author knows; undefined leaves it to the layer. */
  readonly modeOf?: (error: unknown) => RecoveryKey | undefined
  /** What a person's answer makes of the result; the answer itself unless told. */
  readonly answered?: (answer: unknown) => T | Promise<T>
  /** What there is, where not all of it is to be had: for ladders that accept it. */
  readonly partial?: () => T | Promise<T>
  /** The input for a task that a ladder falls back to, whose output is the result then. */
  readonly inputFor?: (task: string) => unknown
}
