/**
 * What carrying a run asks of a dispatcher, and gives to one.
 *
 * D1. The runs' wake-up times in the store are the truth; a dispatcher is how they are kept.
 * D2. A run is handed out to one carrier at a time.
 */

/** What a dispatcher drives. */
export interface Carrier {
  /** Goes on with a run as far as it can; resolves when it waits, ends, or is no longer ours. Joined if it is under way. */
  advance(runId: string): Promise<void>
  /** Whether the run is under way in this process right now. */
  isAdvancing(runId: string): boolean
  /** The run is somebody else's by now: nothing of it acts or settles here any more. */
  fence(runId: string): void
  /** The run may be somebody else's at any moment: effects in flight are finished and recorded, none begins. Resolves when it is let go. */
  yield(runId: string): Promise<void>
  /** Whether the record says that nobody has taken the run over from this process. */
  confirm(runId: string): Promise<boolean>
}

/** What decides when. */
export interface Dispatcher {
  /** Begins to hand out runs. */
  start(): void
  /** The run has something to do now. `isLate`: its body went on after it had been put out of memory, which its row does not show. */
  wake(runId: string, isLate?: boolean): void
  /** A run came to rest: its wake-up may be the earliest now. */
  rearm(): void
  /** Something was written by others: look for what is due. */
  look(): void
  /** Hands out nothing any more; resolves when what is under way has come to rest. */
  stop(): Promise<void>
  /** How many runs are being advanced or wait for their turn. */
  readonly busy: number
  /** The run ended, or was put out of memory: it may be anybody's. */
  released?(runId: string): void
  /** Undefined: the runs handed out are surely still this process's. Else a promise of when that is known again. */
  held?(): Promise<void> | undefined
  /** After `stop`, once the carrier has let go: leaves nothing behind that keeps others waiting. */
  close?(): Promise<void>
}
