/** Time as a port (I6): production uses the machine's, a simulation its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `fire` once, at or after `at`; returns what cancels it. */
  at(at: number, fire: () => void): () => void
}

/** Taken when this module is loaded: what watches over bodies must not see the layer's own use. */
const { now } = Date

const LONGEST_MS = 2 ** 31 - 1

/** The machine's clock. Its timers survive any distance (setTimeout alone fires at once past 24.8 days). */
export const systemClock: Clock = {
  now: () => now(),
  at(at, fire) {
    let timer: NodeJS.Timeout
    const arm = () => {
      const left = at - now()
      timer = left > LONGEST_MS ? setTimeout(arm, LONGEST_MS) : setTimeout(fire, Math.max(0, left))
    }
    arm()
    return () => clearTimeout(timer)
  },
}
