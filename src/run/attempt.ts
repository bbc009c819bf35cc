/** One try of a step's function, under its time-out and its signals. */
import type { StepTools } from '../task/index.ts'
import { StepTimedOut } from './errors.ts'
import type { Generation } from './generation.ts'
import { places } from './place.ts'

export interface AttemptOptions {
  readonly step: string
  readonly attempt: number
  /** Asked for when the function asks: most steps use neither, and both cost. */
  readonly idempotencyKey: () => string
  readonly signal: () => AbortSignal
  readonly timeoutMs: number | undefined
}

/** A class for its getters: an object literal with getters costs more than the rest of a step's own work. */
class Tools implements StepTools {
  readonly attempt: number
  readonly heartbeat: () => void
  readonly #options: AttemptOptions
  readonly #signal: () => AbortSignal

  constructor(options: AttemptOptions, signal: () => AbortSignal, heartbeat: () => void) {
    this.attempt = options.attempt
    this.heartbeat = heartbeat
    this.#options = options
    this.#signal = signal
  }

  get signal(): AbortSignal {
    return this.#signal()
  }

  get idempotencyKey(): string {
    return this.#options.idempotencyKey()
  }
}

export async function runAttempt(
  generation: Generation,
  fn: (tools: StepTools) => unknown,
  options: AttemptOptions,
): Promise<unknown> {
  const { timeoutMs } = options
  const run = (tools: StepTools) => places.run({ owner: generation, isInStep: true, before: [] }, fn, tools)
  if (timeoutMs === undefined) return run(new Tools(options, options.signal, () => {}))
  const { clock } = generation.surroundings
  const timeout = new AbortController()
  let disarm = () => {}
  let heartbeat = () => {}
  const timedOut = new Promise<never>((_, reject) => {
    const arm = () => {
      disarm()
      disarm = clock.at(clock.now() + timeoutMs, () => {
        const error = new StepTimedOut(generation.runId, options.step, timeoutMs)
        timeout.abort(error)
        reject(error)
      })
    }
    arm()
    heartbeat = arm
  })
  try {
    const signal = () => AbortSignal.any([options.signal(), timeout.signal])
    return await Promise.race([run(new Tools(options, signal, () => heartbeat())), timedOut])
  } finally {
    disarm()
  }
}
