/** A log that a process holds until it dies: from then on nothing of that process reaches the store, or hears from it. */
import type { Change, Committed, Log } from '../log/index.ts'

export interface MortalLog {
  readonly log: Log
  /** Commits asked for and not written yet. */
  readonly inFlight: () => number
  die(): void
}

const never = (): Promise<never> => new Promise<never>(() => {})

/** `store` outlives the processes that hold it: closing what is handed out does not close it. */
export function mortal(store: Log): MortalLog {
  let isDead = false
  let inFlight = 0
  const stops: (() => void)[] = []
  const commit = async (change: Change): Promise<Committed> => {
    if (isDead) return never()
    inFlight++
    try {
      const committed = await store.commit(change)
      if (!isDead) return committed
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
  const log = seenBy(store, { commit, onCommit }, () => isDead)
  return {
    log,
    inFlight: () => inFlight,
    die() {
      isDead = true
      for (const stop of stops) stop()
    },
  }
}

/** The store as one process sees it, which commits and hears in its own way: closing it closes nothing, and the dead find nothing there. */
export function seenBy(store: Log, own: Pick<Log, 'commit' | 'onCommit'>, isDead: () => boolean): Log {
  return new Proxy(store, {
    get(target, key) {
      if (key === 'commit' || key === 'onCommit') return own[key]
      if (key === 'close') return () => Promise.resolve()
      // A dead process may have turns of the event loop left in this one.
      if (isDead() && key === 'select') return () => []
      if (isDead() && (key === 'head' || key === 'eventAt' || key === 'tryOwn')) return () => undefined
      const member: unknown = Reflect.get(target, key, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
