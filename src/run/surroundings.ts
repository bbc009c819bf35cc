/** What a generation is given: the process it lives in, and its run. */
import type { Clock, Log } from '../log/index.ts'
import type { AnyTask, ContextLog } from '../task/index.ts'
import type { History } from './history.ts'
import type { Feature } from './keep.ts'
import type { Mailbox } from './mailbox.ts'

/** What a generation needs of the process it lives in. */
export interface Surroundings {
  readonly log: Log
  readonly clock: Clock
  readonly logger: ContextLog
  readonly newId: (prefix: string) => string
  /** Draws for jitter. */
  readonly random: () => number
  /** The run has something to do; `isLate`: what its row does not show (`Dispatcher.wake`). */
  readonly wake: (runId: string, isLate?: boolean) => void
  /** A run came to rest: its wake-up may be the earliest now. */
  readonly rested: () => void
  /** What the features add to every run. */
  readonly features: readonly Feature[]
  /** A run ended, or was put out of memory. */
  readonly released: (runId: string) => void
  /** Undefined: what is carried here is surely still this process's. Else a promise of when that is known again. */
  readonly held: () => Promise<void> | undefined
  /** Puts a child's end into its caller's inbox, for a child that was started by somebody else. */
  readonly attach: (child: string, caller: string) => void
  readonly limits: { readonly lingerMs: number; readonly stalledMs: number }
  readonly isDevelopment: boolean
  /** Halt a run whose record holds outcomes that its code never asked for. */
  readonly isStrict: boolean
}

export interface GenerationOptions {
  readonly surroundings: Surroundings
  readonly task: AnyTask
  readonly stream: string
  readonly epoch: number
  readonly history: History
  /** Read after the run was taken over. */
  readonly mailbox: Mailbox
  /** Called once, when the generation is over for this process. */
  readonly closed: (how: 'ended' | 'evicted' | 'fenced' | 'restarted' | 'failed') => void
  /** An operation was performed after eviction. */
  readonly late: (operation: string) => void
  /** How long it stays in memory while it waits. */
  readonly lingerMs: number
}
