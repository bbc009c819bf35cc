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
}

/** What decides when. */
export interface Dispatcher {
  /** Begins to hand out runs. */
  start(): void
  /** The run has something to do now. */
  wake(runId: string): void
  /** A run came to rest: its wake-up may be the earliest now. */
  rearm(): void
  /** Something was written by others: look for what is due. */
  look(): void
  /** Hands out nothing any more; resolves when what is under way has come to rest. */
  stop(): Promise<void>
  /** How many runs are being advanced or wait for their turn. */
  readonly busy: number
}
