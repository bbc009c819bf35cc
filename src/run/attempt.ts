/** One try of a step's function, under its time-out and its signals. */
import type { StepTools } from '../task/index.ts'
import { StepTimedOut } from './errors.ts'
import type { Generation } from './generation.ts'
import { places } from './place.ts'

/** The step that is tried. Key and signal are made when its function asks: most use neither, and both cost. */
export interface Attempted {
  readonly path: string
  readonly idempotencyKey: string
  readonly signal: AbortSignal
  readonly timeoutMs: number | undefined
}

/** A class for its getters: an object literal with getters costs more than the rest of a step's own work. */
class Tools implements StepTools {
  readonly attempt: number
  readonly heartbeat: () => void
  readonly #step: Attempted
  readonly #timeout: AbortSignal | undefined

  constructor(step: Attempted, attempt: number, heartbeat: () => void, timeout?: AbortSignal) {
    this.attempt = attempt
    this.heartbeat = heartbeat
    this.#step = step
    this.#timeout = timeout
  }

  get signal(): AbortSignal {
    return this.#timeout ? AbortSignal.any([this.#step.signal, this.#timeout]) : this.#step.signal
  }

  get idempotencyKey(): string {
    return this.#step.idempotencyKey
  }
}

const unwatched = (): void => {}

/** What the step's function returns; with a time-out, a promise of it. */
export function runAttempt(
  generation: Generation,
  fn: (tools: StepTools) => unknown,
  step: Attempted,
  attempt: number,
): unknown {
  if (step.timeoutMs !== undefined) return runInTime(generation, fn, step, attempt, step.timeoutMs)
  return places.run(generation.inStep, fn, new Tools(step, attempt, unwatched))
}

async function runInTime(
  generation: Generation,
  fn: (tools: StepTools) => unknown,
  step: Attempted,
  attempt: number,
  timeoutMs: number,
): Promise<unknown> {
  const { clock } = generation.surroundings
  const timeout = new AbortController()
  let disarm = unwatched
  let heartbeat = unwatched
  const timedOut = new Promise<never>((_, reject) => {
    const arm = () => {
      disarm()
      disarm = clock.at(clock.now() + timeoutMs, () => {
        const error = new StepTimedOut(generation.runId, step.path, timeoutMs)
        timeout.abort(error)
        reject(error)
      })
    }
    arm()
    heartbeat = arm
  })
  try {
    const tools = new Tools(step, attempt, () => heartbeat(), timeout.signal)
    return await Promise.race([places.run(generation.inStep, fn, tools), timedOut])
  } finally {
    disarm()
  }
}
