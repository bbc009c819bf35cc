/** Where workers run and what may befall them: what a dispatcher has to bring to be put through the faults. */

export interface WorkerOptions {
  /** The file with the tasks of its release, as seen from this folder. */
  readonly release: string
  /** How far the clock of its machine is off. */
  readonly skewMs?: number
}

export interface WorkerProcess {
  /** As `run.claimed` names it. */
  readonly name: string
  /** Between it and the server. */
  readonly network: Network
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
  /** Of the store, past every network that can be cut. */
  readonly store: string
  /** Of a database for effects, past every network that can be cut. */
  readonly database: string
  /** Resolves when it carries runs. */
  startWorker(options: WorkerOptions): Promise<WorkerProcess>
  /** The server dies as machines do, and comes back on the same data. */
  crashServer(): Promise<void>
  dispose(): Promise<void>
}
