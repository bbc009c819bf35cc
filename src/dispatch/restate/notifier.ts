/** A process that carries no runs, and tells Restate of those it starts or sends something to. */
import type { Clock, Log } from '../../log/index.ts'
import { machineTicks, type Ticks } from '../ticks.ts'
import { Sender } from './sender.ts'
import type { Ingress } from './wire.ts'

export interface NotifierOptions {
  readonly ingress: Ingress
  readonly log: Log
  readonly clock: Clock
  /** The machine's, unless told. */
  readonly ticks?: Ticks | undefined
  readonly failed: (error: unknown) => void
}

export class Notifier {
  readonly #ingress: Ingress
  readonly #sender: Sender

  constructor(options: NotifierOptions) {
    this.#ingress = options.ingress
    this.#sender = new Sender({ ...options, ticks: options.ticks ?? machineTicks })
  }

  wake(runId: string, isLate = false): void {
    this.#sender.wake(runId, isLate)
  }

  async close(): Promise<void> {
    await this.#sender.settle()
    this.#ingress.close()
  }
}
