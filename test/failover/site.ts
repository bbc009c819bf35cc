/** Where workers run and what may befall them: what a dispatcher has to bring to be put through the faults. */

export type FaultName =
  | 'none'
  | 'worker killed'
  | 'worker stopped'
  | 'server crashed'
  | 'node killed'
  | 'network cut'
  | 'dispatch cut'
  | 'clocks off'
  | 'rolling deploy'
  | 'one by one'

export interface WorkerOptions {
  /** The file with the tasks of its release, as seen from this folder. */
  readonly release: string
  /** How far the clock of its machine is off. */
  readonly skewMs?: number
}

export interface WorkerProcess {
  /** As `run.claimed` names it. */
  readonly name: string
  /** Between it and the database. */
  readonly network: Network
  /** Between it and what hands out runs, in both directions, where that is something else. */
  readonly dispatch?: Network
  kill(signal: NodeJS.Signals): void
  /** How it ended. */
  readonly over: Promise<{ readonly code: number | null; readonly stderr: string }>
}

export interface Network {
  /** Nothing comes through any more, and nobody is told. */
  hold(): void
  /** As networks heal: some connections go on with what was held back, the others are dead. */
  heal(): void
}

export interface Site {
  readonly name: string
  /** What can befall it, in this order; the first is nothing, for comparison. */
  readonly faults: readonly FaultName[]
  /** How soon runs of a worker have to be elsewhere (p95). */
  readonly movedWithinMs: Readonly<Partial<Record<FaultName, number>>>
  /** Of the store, past every network that can be cut. */
  readonly store: string
  /** Of a database for effects, past every network that can be cut. */
  readonly database: string
  /** Resolves when it carries runs. */
  startWorker(options: WorkerOptions): Promise<WorkerProcess>
  /** The database dies as machines do, and comes back on the same data. */
  crashServer(): Promise<void>
  /** One of the nodes that hand out runs dies, and comes back after a while. */
  killNode?(forMs: number): Promise<void>
  dispose(): Promise<void>
}
