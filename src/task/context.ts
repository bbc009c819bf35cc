/** What a task body is handed. Every durable operation has a name first; repeated names are numbered. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { HandedBrief, HandoffOptions, TakenOver } from './brief.ts'
import type { CheckpointOptions } from './checkpoint.ts'
import type { Task } from './define.ts'
import type { Duration } from './duration.ts'
import type { DecideInput, Found, Item, Kept, RecallQuery, RememberInput } from './memory.ts'
import type { Approval, ApproveOptions, Ask } from './oversight.ts'
import type { MemoryToolName, MemoryTools, MemoryToolsOptions } from './memory-tools.ts'
import type { ModelContext } from './model.ts'
import type { Plan } from './plan.ts'
import type { RecoverOptions, RecoverTools } from './recovery.ts'
import type { Schema } from './schema.ts'
import type { ContextWindow } from './window.ts'

/** What a step's function gets. */
export interface StepTools {
  /** Aborted on cancellation, on this attempt's time-out, and when this process loses the run. */
  readonly signal: AbortSignal
  /** 1 for the first. */
  readonly attempt: number
  /** The same on every attempt and after every crash; pass it to services that honour one. */
  readonly idempotencyKey: string
  /** Says that the attempt is alive: its time-out starts again. */
  readonly heartbeat: () => void
}

export interface Retry {
  /** How many in all; 1 unless told. */
  readonly attempts?: number
  /** Before the second attempt; 1 s unless told. */
  readonly initial?: Duration
  /** What each further pause is multiplied by; 2 unless told. */
  readonly factor?: number
  /** The longest pause; 1 minute unless told. */
  readonly max?: Duration
  /** Draw each pause evenly from zero to its ceiling; true unless told. */
  readonly jitter?: boolean
  /** Whether to try again after this error; all but errors with `retryable: false` unless told. */
  readonly on?: (error: unknown) => boolean
}

export type Reconciled<T> = { readonly done: true; readonly value: T } | { readonly done: false } | 'unknown'

export interface StepOptions<T> {
  /** What the result must look like. */
  readonly output?: Schema<unknown, T> | Schema<T, T>
  readonly retry?: Retry
  /** How long an attempt may take, or go without a heartbeat. */
  readonly timeout?: Duration
  /** `once`: the intent is recorded first, and the effect is never repeated by guessing. `repeatable` unless told. */
  readonly effect?: 'repeatable' | 'once'
  /** Whether an effect in doubt took place: asked after a crash between intent and outcome, or a throw. */
  readonly reconcile?: (about: {
    readonly idempotencyKey: string
    readonly intent: { readonly step: string; readonly at: number }
  }) => Reconciled<T> | Promise<Reconciled<T>>
  /** Undoes the step when the run is cancelled or fails; newest first. */
  readonly compensate?: (
    value: T,
    about: { readonly idempotencyKey: string; readonly signal: AbortSignal },
  ) => unknown
}

export interface WaitOptions<S extends Schema | undefined> {
  readonly schema?: S
  readonly timeout?: Duration
}

export interface MapOptions<Item> {
  /** What tells items apart across restarts; their index unless told. */
  readonly key?: (item: Item, index: number) => string | number
  /** How many at once; 16 unless told. */
  readonly concurrency?: number
}

export interface ChildOptions {
  readonly name?: string
  readonly key?: string
  readonly scope?: string
}

export interface SpawnOptions extends ChildOptions {
  /** `leave` unless told: the child goes on when its parent has ended. */
  readonly onParentEnd?: 'cancel' | 'leave'
}

export type Branches<T> = { readonly [K in keyof T]: (branch: Context) => Promise<T[K]> | T[K] }

export interface BranchOptions {
  /** Tells this use from others in the same branch; needed where several are under way at once. */
  readonly name?: string
}

export interface Context extends ModelContext {
  /** Does `fn` once for the record: after any crash, its recorded outcome is handed back. */
  step<T>(name: string, fn: (tools: StepTools) => Promise<T> | T, options?: StepOptions<T>): Promise<T>
  /**
   * A step whose failures take the ways out that the task declares: each try and each rung is on the record. Where nothing helps, the run
   * halts; nothing is thrown here.
   */
  recover<T>(
    name: string,
    fn: (tools: RecoverTools) => Promise<T> | T,
    options?: RecoverOptions<T>,
  ): Promise<T>
  /** A branch for each item, bounded, results in the order of the items. */
  map<Item, T>(
    name: string,
    items: Iterable<Item>,
    fn: (branch: Context, item: Item, index: number) => Promise<T> | T,
    options?: MapOptions<Item>,
  ): Promise<T[]>
  /** Branches by name, all awaited. */
  all<T extends Record<string, unknown>>(branches: Branches<T>, options?: BranchOptions): Promise<T>
  /** Branches by name; the first to end wins, the others are released. */
  race<T extends Record<string, unknown>>(
    branches: Branches<T>,
    options?: BranchOptions,
  ): Promise<{ [K in keyof T]: { readonly winner: K; readonly value: T[K] } }[keyof T]>
  /** Sleeps, durably: for a length of time, or until a date. */
  sleep(name: string, until: Duration | Date): Promise<void>
  /** A message sent with `run.signal(name, payload)`. @throws {WaitTimedOut} */
  wait<S extends Schema | undefined = undefined>(
    name: string,
    options?: WaitOptions<S>,
  ): Promise<S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown>
  /** Runs a child and awaits its output. @throws {ChildFailed} */
  call<I, O>(task: Task<I, O>, input: I, options?: ChildOptions): Promise<O>
  /** Starts a child and goes on. */
  spawn<I, O>(task: Task<I, O>, input: I, options?: SpawnOptions): Promise<{ readonly id: string }>
  /** Puts a decision into working memory, with this run's record of it in one commit. @throws {BadItem} @throws {ItemChanged} */
  decide(decision: DecideInput): Promise<Kept>
  /** Puts anything else into working memory: a fact, a commitment, a question… @throws {BadItem} @throws {ItemChanged} */
  remember(item: RememberInput): Promise<Kept>
  /** Looks something up in working memory. What it found is recorded by id and version: a replay is told the same. */
  recall(query?: RecallQuery): Promise<readonly Found[]>
  /**
   * Validates a value between two stages: its schema, what must have survived since the stage before, its author's checks, the task's
   * invariants, and every live rule in scope, those recorded a moment ago included. A decision it goes against is thrown, with its reasons.
   * @throws {InvalidValue} @throws {PartialLoss} @throws {CheckFailed} @throws {LowConfidence} @throws {DecisionConflict}
   */
  checkpoint<T>(name: string, value: T, options?: CheckpointOptions<T>): Promise<T>
  /** The plan of this run, for whoever takes over: shown in its brief as done and what remains. */
  readonly plan: Plan
  /** What this run was handed: the brief it was started from, or its caller's; undefined if nothing was before it. */
  readonly brief: HandedBrief | undefined
  /**
   * What others put into memory, in this run's scope, since it began or last asked: decided while a child was away, say. Of each item its newest version.
   */
  news(): Promise<readonly Item[]>
  /** Prepares the handing over and rests until somebody takes it, by acknowledging a brief of this run. @throws {BadHandoff} @throws {WaitTimedOut} */
  handoff<I = unknown>(options: HandoffOptions<I>): Promise<TakenOver>
  /** Asks a person, and rests until they have answered (see `tl.inbox`). @throws {QuestionExpired} @throws {BadQuestion} */
  readonly ask: Ask
  /**
   * One person's word on a proposal, bound to its digest: nobody approves what they were not shown. Nobody's answer in time is no approval.
   * @throws {ApprovalExpired} @throws {BadQuestion}
   */
  approve<T>(name: string, options: ApproveOptions<T>): Promise<Approval<T>>
  /** The managed context window: a conversation, kept within `boundary.context.maxTokens`. Each branch has one of its own. */
  readonly context: ContextWindow
  /** `decide`, `remember`, `recall`, `plan` and `ask` as tools of the AI SDK, for the model itself. What they refuse, the model is told. */
  memoryTools<Name extends MemoryToolName = MemoryToolName>(
    options?: MemoryToolsOptions<Name>,
  ): MemoryTools<Name>
  /** Milliseconds since 1970, of the last outcome this branch was given: the same on replay. */
  now(): number
  /** In [0, 1), the same on replay. */
  random(): number
  /** A unique id, the same on replay. */
  id(): string
  /** Aborted on cancellation. */
  readonly abortSignal: AbortSignal
  /** How far the work is; shown, and recorded at most four times a second. */
  progress(progress: { readonly done: number; readonly total?: number; readonly note?: string }): void
  /** Silent during replay. */
  readonly log: ContextLog
  /** Ends this chapter of the run and goes on in a fresh one with another input: same id, same handle. Never returns. */
  restart(input: unknown): Promise<never>
  readonly run: {
    readonly id: string
    readonly task: string
    readonly version: string
    readonly scope: string | undefined
    readonly thread: string | undefined
    /** How many processes have carried this chapter, from 1. */
    readonly attempt: number
    readonly startedAt: number
  }
}

export interface ContextLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}
