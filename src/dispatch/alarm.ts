/** One timer, for the earliest wake-up to come: set again, it forgets what it was set for before. */
import type { Clock } from '../log/index.ts'

export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #setFor: number | undefined
  #stop: () => void = () => {}

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Undefined: nothing is to come. */
  set(at: number | undefined): void {
    if (at === this.#setFor) return
    this.stop()
    if (at === undefined) return
    this.#setFor = at
    this.#stop = this.#clock.at(at, () => {
      this.#setFor = undefined
      this.#ring()
    })
  }

  stop(): void {
    this.#stop()
    this.#setFor = undefined
  }
}
