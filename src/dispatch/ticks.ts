/** How time passes for a worker, whatever any clock shows: it goes on while the worker stands still, and never back. A port, as clocks are. */
export interface Ticks {
  /** Milliseconds since some moment. */
  now(): number
  /** Calls `fire` once, when that time has passed; returns what cancels it. */
  after(ms: number, fire: () => void): () => void
}

export const machineTicks: Ticks = {
  now: () => performance.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms)
    return () => clearTimeout(timer)
  },
}
