/**
 * What a dispatcher asks of the tables it shares with the other workers. Every decision is the dispatcher's; these only answer.
 *
 * On a real store they are SQL (shared-tables.ts); a simulation has them in memory, so that what is simulated are our decisions.
 */

/** A worker, as the others know it. */
export interface Worker {
  /** Never used before. */
  readonly id: string
  /** Where it runs, for people. */
  readonly name: string
  readonly concurrency: number
  /** What it has code for. */
  readonly tasks: readonly { readonly name: string; readonly versions: readonly string[] }[]
}

/** A run that was handed to this worker, and the wake-up it was handed out for. */
export interface Leased {
  readonly run: string
  readonly wakeAt: number | undefined
}

export interface Standing extends Leased {
  readonly status: string
  readonly isEnded: boolean
  readonly isDue: boolean
  /** Still leased to this worker. */
  readonly isOurs: boolean
}

/** Which runs to look for. */
export type Where =
  /** Due, and nobody has it. */
  | 'due'
  /** Of a worker that is not alive: carried by it, or put out of its memory lately. */
  | 'left'
  /** At work by its record, and nobody has it. */
  | 'lost'
  /** Waited for code that this worker has. */
  | 'code'
  /** Nobody alive has code for it, and it waits unnoted. */
  | 'uncarried'

/** Which worker tries to carry which run. A lease counts while its worker is alive. */
export interface LeaseTable {
  /** Takes up to `room` runs but these, the longest due first. */
  take(where: Where, room: number, but: readonly string[]): Promise<readonly Leased[]>
  /** Takes these runs, due or not, where nobody has them. */
  takeThese(runs: readonly string[]): Promise<readonly Leased[]>
  /** Of the runs leased to this worker, those that are due. */
  due(): Promise<readonly Leased[]>
  /** When the next wake-up is that has not come yet. */
  next(): Promise<number | undefined>
  standing(runs: readonly string[]): Promise<readonly Standing[]>
  /** Gives leases back. Those of runs that have not ended are kept in mind for RESTED_MS: should this worker die, it left them, too. */
  release(runs: readonly string[]): Promise<void>
  /** The runs leased to this worker. */
  ours(): Promise<ReadonlySet<string>>
  /** Says of these runs that this worker has them, where nobody else has. */
  sayAgain(runs: readonly string[]): Promise<void>
  /** Forgets what this worker gave back long enough ago. */
  forget(): Promise<void>
  /** Forgets leases of runs that ended or are gone, and workers of long ago that left none. */
  sweep(): Promise<void>
}

/** Who is alive: whoever was seen within LEASE_MS. */
export interface WorkerList {
  /** Puts this worker on the list, as seen now. */
  register(): Promise<void>
  /** Says that this worker lives; how long it had not been seen, and what time it is there. Nothing, if it is not on the list. */
  beat(): Promise<{ readonly unseenMs: number; readonly now: number } | undefined>
  /** It is not alive any more, and the others are told. */
  leave(): Promise<void>
  /** What time it was there, between sending at `sentAt` and now. `isForced`: what was believed before is known to be wrong. */
  learn(sentAt: number, said: number, isForced: boolean): void
}

export interface Tables {
  readonly leases: LeaseTable
  readonly list: WorkerList
  close(): Promise<void>
}
