/**
 * A circuit as data, and what cockatiel makes of it.
 *
 *     closed ── so many failures in a row ─▶ open ── its pause is over ─▶ one trial ─▶ closed
 *                                             ▲                             │
 *                                             └── failed, a longer pause ───┘
 *
 * C1. Whether it opens, lets a trial through or closes is cockatiel's to say; what it says is taken out as data, to be kept in the store.
 * C2. Time comes in. cockatiel asks Date.now for how long a circuit has been open, so it is told of an opening as long ago by that clock
 *     as it is by ours.
 */
import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleAll,
  isBrokenCircuitError,
  IterableBackoff,
} from 'cockatiel'

export interface Circuit {
  /** In a row. */
  readonly failures: number
  /** While it is open: since when, and for which time in a row. */
  readonly open?: { readonly at: number; readonly times: number }
}

export const CLOSED: Circuit = { failures: 0 }

/** In a row, of any run. */
export const FAILURES = 5
const PAUSES_MS = [5000, 10_000, 20_000, 40_000, 60_000]

/** What `toJSON` of a circuit gives, and `initialState` takes. */
interface Json {
  readonly ownState: { readonly value: CircuitState; readonly openedAt?: number; readonly attemptNo?: number }
  readonly breakerState: number
}

/** Whether a call may be made. */
export async function lets(circuit: Circuit, now: number): Promise<boolean> {
  if (!circuit.open) return true
  try {
    await policyOf(circuit, now).execute(() => undefined)
    return true
  } catch (error) {
    if (isBrokenCircuitError(error)) return false
    throw error
  }
}

/** The circuit after a call that failed, or did not. */
export async function after(circuit: Circuit, hasFailed: boolean, now: number): Promise<Circuit> {
  const policy = policyOf(circuit, now)
  const failed = new Error('failed')
  try {
    await policy.execute(() => {
      if (hasFailed) throw failed
    })
  } catch (error) {
    if (isBrokenCircuitError(error)) return circuit // a call from before it opened: it says nothing new
    if (error !== failed) throw error
  }
  const { ownState, breakerState } = policy.toJSON() as Json // as cockatiel declares it in CircuitBreakerPolicy
  return ownState.value === CircuitState.Closed
    ? { failures: breakerState }
    : { failures: breakerState, open: { at: now, times: ownState.attemptNo ?? 1 } }
}

/** How long no call may be made, from now on. */
export function leftMs({ open }: Circuit, now: number): number {
  if (!open) return 0
  const pause = PAUSES_MS[Math.min(open.times, PAUSES_MS.length) - 1] ?? 0
  return Math.max(0, open.at + pause - now)
}

function policyOf({ failures, open }: Circuit, now: number) {
  const ownState = open
    ? { value: CircuitState.Open, openedAt: Date.now() - (now - open.at), attemptNo: open.times }
    : { value: CircuitState.Closed }
  return circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(FAILURES),
    halfOpenAfter: new IterableBackoff(PAUSES_MS),
    initialState: { ownState, breakerState: failures },
  })
}
