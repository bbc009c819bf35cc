/** A process that carries no runs, and tells Restate of those it starts or sends something to. */
import type { Clock, Log } from '../../log/index.ts'
import { Ingress } from './ingress.ts'
import type { RestateDispatch } from './options.ts'
import { Sender } from './sender.ts'

export interface NotifierOptions {
  readonly restate: RestateDispatch
  readonly log: Log
  readonly clock: Clock
  readonly store: string
  readonly failed: (error: unknown) => void
}

export class Notifier {
  readonly #ingress: Ingress
  readonly #sender: Sender

  constructor({ restate, log, clock, store, failed }: NotifierOptions) {
    this.#ingress = new Ingress(restate.ingress, store)
    this.#sender = new Sender({ log, clock, ingress: this.#ingress, failed })
  }

  wake(runId: string): void {
    this.#sender.wake(runId)
  }

  async close(): Promise<void> {
    await this.#sender.settle()
    this.#ingress.close()
  }
}
