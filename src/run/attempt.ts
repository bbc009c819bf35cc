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

export async function runAttempt(
  generation: Generation,
  fn: (tools: StepTools) => unknown,
  options: AttemptOptions,
): Promise<unknown> {
  const { timeoutMs, attempt, idempotencyKey } = options
  const run = (signal: () => AbortSignal, heartbeat: () => void) => {
    const tools: StepTools = {
      attempt,
      heartbeat,
      get signal() {
        return signal()
      },
      get idempotencyKey() {
        return idempotencyKey()
      },
    }
    return places.run({ owner: generation, isInStep: true, before: [] }, fn, tools)
  }
  if (timeoutMs === undefined) return run(options.signal, () => {})
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
    return await Promise.race([
      run(
        () => AbortSignal.any([options.signal(), timeout.signal]),
        () => heartbeat(),
      ),
      timedOut,
    ])
  } finally {
    disarm()
  }
}
