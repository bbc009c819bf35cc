/**
 * A log with bad luck, as one process sees it.
 *
 * Before or after any commit the process may die; a commit may find the store busy or full; it may be held back until a
 * successor has taken over, and arrive then: a zombie's, to be refused. A read may take turns there and back, and may fail.
 */
import type { Change, Committed, Log } from 'throughline'
import { StoreUnavailable } from 'throughline'
import { reroute, type Way } from 'throughline/testing'
import type { Random } from '../random.ts'

export type Mood = 'lucky' | 'unlucky'

export interface FaultyLog {
  readonly log: Log
  mood: Mood
  readonly isDead: () => boolean
  readonly died: Promise<void>
  /** What was asked of the store and is not answered. */
  readonly inFlight: () => number
  /** Kills the process; what it still wanted to commit is held, as a zombie's. */
  die(): void
  /** Lets a dead process's held commits arrive. Gives how many were refused and how many got in. */
  haunt(): Promise<{ readonly refused: number; readonly gotIn: number }>
}

const never = () => new Promise<never>(() => {})

export function faulty(store: Log, random: Random, crashed: (when: string) => void): FaultyLog {
  let isDead = false
  let inFlight = 0
  const held: Change[] = []
  const stops: (() => void)[] = []
  const { promise: died, resolve: isOver } = Promise.withResolvers<void>()
  const die = () => {
    isDead = true
    isOver()
    for (const stop of stops) stop()
  }
  const own: FaultyLog = {
    log: undefined as never, // set below, before anybody sees it
    mood: 'unlucky',
    isDead: () => isDead,
    died,
    inFlight: () => inFlight,
    die,
    async haunt() {
      const outcomes = await Promise.all(
        held.splice(0).map((change) =>
          store.commit(change).then(
            () => true,
            () => false,
          ),
        ),
      )
      return {
        refused: outcomes.filter((gotIn) => !gotIn).length,
        gotIn: outcomes.filter((gotIn) => gotIn).length,
      }
    },
  }
  const commit = async (change: Change): Promise<Committed> => {
    if (isDead) {
      held.push(change)
      return never()
    }
    if (own.mood === 'unlucky') {
      const luck = random.next()
      if (luck < 0.02) {
        die()
        crashed('before a commit')
        if (random.chance(0.5)) held.push(change)
        return never()
      }
      if (luck < 0.04)
        throw new StoreUnavailable(random.pick(['store_busy', 'store_full']), 'simulated', undefined)
      if (luck < 0.06) {
        await store.commit(change).catch(() => {})
        die()
        crashed('after a commit')
        return never()
      }
    }
    inFlight++
    try {
      const committed = await store.commit(change)
      return isDead ? await never() : committed
    } finally {
      inFlight--
    }
  }
  const onCommit: Log['onCommit'] = (heard) => {
    const stop = store.onCommit((isOurs) => {
      if (!isDead) heard(isOurs)
    })
    stops.push(stop)
    return stop
  }
  const travel = async (): Promise<void> => {
    const isSlow = own.mood === 'unlucky' && random.chance(0.3)
    for (let left = isSlow ? random.between(1, 6) : 0; left > 0; left--) await new Promise(setImmediate)
    if (isDead) await never()
  }
  const ask: Way = async (read) => {
    inFlight++
    try {
      await travel()
      if (own.mood === 'unlucky' && random.chance(0.02))
        throw new StoreUnavailable('store_busy', 'simulated', undefined)
      const answer = await read()
      await travel()
      return answer
    } finally {
      inFlight--
    }
  }
  return Object.assign(own, { log: reroute(store, { commit, onCommit, ask }) })
}
