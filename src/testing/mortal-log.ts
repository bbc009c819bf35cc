/** A log that a process holds until it dies: from then on nothing of that process reaches the store, or hears from it. */
import type { Log } from '../log/index.ts'
import { reroute, type Way } from './reroute.ts'

export interface MortalLog {
  readonly log: Log
  /** What was asked of the store and is not answered yet. */
  readonly inFlight: () => number
  die(): void
}

const never = (): Promise<never> => new Promise<never>(() => {})

/** `store` outlives the processes that hold it: closing what is handed out does not close it. */
export function mortal(store: Log): MortalLog {
  let isDead = false
  let inFlight = 0
  const stops: (() => void)[] = []
  // A dead process may have turns of the event loop left in this one; nothing answers it there.
  const ask: Way = async (read) => {
    if (isDead) return never()
    inFlight++
    try {
      const answer = await read()
      if (!isDead) return answer
    } catch (error) {
      if (!isDead) throw error
    } finally {
      inFlight--
    }
    return never()
  }
  const onCommit: Log['onCommit'] = (heard) => {
    const stop = store.onCommit((isOurs) => {
      if (!isDead) heard(isOurs)
    })
    stops.push(stop)
    return stop
  }
  return {
    log: reroute(store, { commit: (change) => ask(() => store.commit(change)), onCommit, ask }),
    inFlight: () => inFlight,
    die() {
      isDead = true
      for (const stop of stops) stop()
    },
  }
}
