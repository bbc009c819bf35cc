/**
 * Every kind of event a run's stream and its inbox's stream can hold.
 *
 * The part of a kind before the dot is the kind of operation; the events of one operation share its name and ordinal.
 * Bodies are short-keyed where they are frequent: `v` value, `e` error, `n` attempts, `ms` duration, `c` has a compensation.
 */
import { kind } from '../log/index.ts'
import type { Narrowed } from '../task/index.ts'

export interface RunStartedBody {
  readonly run: string
  readonly task: string
  readonly version: string
  readonly input: unknown
  readonly seed: string
  readonly chapter: number
  readonly key?: string
  readonly scope?: string
  readonly thread?: string
  readonly parent?: {
    readonly run: string
    readonly step: string
    /** The parent waits for its end. */ readonly isAwaited?: boolean
  }
  readonly forkedFrom?: { readonly run: string; readonly at: string }
  /** Of a fork, its next chapters and its children: the originals, and how far their history is this run's as well. */
  readonly forks?: readonly Fork[]
  /** Not before this time. */
  readonly notBefore?: number
  /** The run that held the key before (reuse: 'after-failure'). */
  readonly replaces?: string
  /** The module the task came from, for `throughline resume`. */
  readonly source?: string
  /** What it has to acknowledge before it acts: a brief that was made, or the next one of this run or thread. */
  readonly brief?: { readonly subject: string; readonly id?: string }
  /** What its caller may not cross, and so it may not either. */
  readonly boundary?: Narrowed
  /** Of a further chapter: when the first began. */
  readonly since?: number
}

/** A run that was forked, and the last event the fork has of it. */
export interface Fork {
  readonly run: string
  readonly stream: string
  readonly seq: number
}

export interface Waiting {
  readonly kind: 'sleep' | 'wait' | 'call' | 'retry' | 'in_doubt' | 'task'
  readonly name: string
  readonly due?: number
  /** Of an effect in doubt: which attempt; a word about an earlier one does not settle it. */
  readonly attempt?: number
  /** Of an effect in doubt: which use of its name. */
  readonly ordinal?: number
  /** What a payload must look like. */
  readonly schema?: object
}

export const runStarted = kind<RunStartedBody>('run.started')
export const runClaimed = kind<{ readonly by: string }>('run.claimed')
export const runSuspended = kind<{ readonly waits: readonly Waiting[]; readonly due?: number }>(
  'run.suspended',
)
/** At rest on the record, its body performed something after all: it had been in a plain await. */
export const runRevived = kind<undefined>('run.revived')
export const runStalled = kind<{ readonly since: number }>('run.stalled')
export const runProgress = kind<{ readonly done: number; readonly total?: number; readonly note?: string }>(
  'run.progress',
)
export const runCancelling = kind<{ readonly reason: string; readonly message: string }>('run.cancelling')
export const runFailing = kind<{ readonly e: unknown }>('run.failing')
export const runResumed = kind<{ readonly message: string }>('run.resumed')
export const runForked = kind<{ readonly seed: string }>('run.forked')
export const runAwaitedOutside = kind<{ readonly operation: string }>('run.await_outside_step')
export const runDone = kind<{
  readonly v: unknown
  readonly unclaimed?: readonly string[]
  readonly untaken?: readonly string[]
}>('run.done')
export const runFailed = kind<{
  readonly mode: string
  readonly e: unknown
  readonly untaken?: readonly string[]
}>('run.failed')
export const runCancelled = kind<{ readonly reason: string; readonly untaken?: readonly string[] }>(
  'run.cancelled',
)
export const runHalted = kind<{ readonly mode: string; readonly e: unknown }>('run.halted')
export const runRestarted = kind<{ readonly input: unknown; readonly next: string }>('run.restarted')

export const stepCompleted = kind<{
  readonly v?: unknown
  readonly n?: number
  readonly ms?: number
  readonly c?: 1
}>('step.completed')
export const stepFailed = kind<{ readonly e: unknown; readonly n: number }>('step.failed')
export const stepAttempted = kind<{ readonly e: unknown; readonly n: number; readonly retryAt: number }>(
  'step.attempted',
)
export const stepIntended = kind<undefined>('step.intended')
export const stepDoubted = kind<{ readonly because: string }>('step.in_doubt')
/** The effect is known not to have happened: it may be tried again. */
export const stepCleared = kind<{
  readonly by: 'reconcile' | 'person'
  readonly n: number
  readonly message?: string
}>('step.cleared')
/** A person settled the effect; the outcome follows in the same commit. */
export const stepResolved = kind<{ readonly message: string }>('step.resolved')

export const sleepStarted = kind<{ readonly due: number }>('sleep.started')
export const sleepFired = kind<undefined>('sleep.fired')
export const waitOpened = kind<{ readonly schema?: object; readonly due?: number }>('wait.opened')
export const waitAnswered = kind<{ readonly message: string; readonly v: unknown }>('wait.answered')
export const waitTimedOut = kind<undefined>('wait.timed_out')
export const waitRefused = kind<{ readonly message: string; readonly issues: string }>('wait.refused')
/** An answer that reached a branch already released goes back to the inbox. */
export const waitReturned = kind<{ readonly message: string }>('wait.returned')
export const callStarted = kind<{ readonly run: string }>('call.started')
export const callEnded = kind<{
  readonly message: string
  readonly status: string
  readonly mode?: string
  readonly v?: unknown
  readonly e?: unknown
}>('call.ended')
/** The child's input does not fit its schema, or cannot be recorded. */
export const spawnRefused = kind<{ readonly e: unknown }>('spawn.refused')
export const spawnStarted = kind<{ readonly run: string; readonly onParentEnd: 'cancel' | 'leave' }>(
  'spawn.started',
)
/** `upTo`: the last outcome handed out when the race was decided. */
export const raceSettled = kind<{
  readonly winner: string
  readonly upTo: number
  readonly v?: unknown
  readonly e?: unknown
}>('race.settled')

/** Something was put on other streams in the commit of this outcome (keep.ts). */
export const keepDone = kind<{ readonly v: unknown }>('keep.done')
/** It was refused: nothing was put there. */
export const keepRefused = kind<{ readonly e: unknown }>('keep.refused')

/** In a run's inbox: what others ask of it. */
export type MessageBody =
  | { readonly kind: 'signal'; readonly id: string; readonly name: string; readonly payload: unknown }
  | { readonly kind: 'cancel'; readonly id: string; readonly reason: string }
  | { readonly kind: 'resume'; readonly id: string }
  | {
      readonly kind: 'resolve'
      readonly id: string
      readonly step: string
      readonly attempt: number
      /** Whose step it is; a word said twice settles nothing in the next chapter. Messages of older releases are of any. */
      readonly chapter?: number
      readonly outcome: Resolution
    }
  | { readonly kind: 'child'; readonly id: string; readonly run: string }

/** How a person settles an effect in doubt. */
export type Resolution =
  | { readonly done: true; readonly value?: unknown }
  | { readonly done: false }
  | { readonly failed: string }

export const messageSent = kind<MessageBody>('message.sent')

const inboxSuffix = '/inbox'
export const inboxOf = (runId: string): string => `${runId}${inboxSuffix}`
const budgetSuffix = '/budget'
/** What was reserved and spent of the limits that a run declared, by itself and all below it. */
export const budgetOf = (runId: string): string => `${runId}${budgetSuffix}`
export const runOfBudget = (stream: string): string => stream.slice(0, -budgetSuffix.length)
/** The run a stream belongs to: its inbox, its budget, or any of its chapters. */
export const runOfStream = (stream: string): string => stream.replace(/(\/inbox|\/budget|~\d+)$/, '')
export const runOfInbox = (stream: string): string => stream.slice(0, -inboxSuffix.length)
/** A run's first chapter is its id; further ones are numbered. */
export const chapterStream = (runId: string, chapter: number): string =>
  chapter === 1 ? runId : `${runId}~${chapter}`
