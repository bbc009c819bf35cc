/**
 * How many calls at once, and how many in a length of time: who is one too many waits.
 *
 * R1. A rate is kept by the record: it has as many places as calls, each with the time its last call began. A call takes the place that was
 *     left longest ago, and its intent is refused if somebody took that one meanwhile. So a rate holds among processes and after a crash.
 * R2. How many are under way at once is known to a process, and ends with it: what is under way in another is not counted.
 * R3. Only calls of models are counted so: a tool may call models itself, and would wait for its own place.
 */
import type { Log } from '../log/index.ts'
import type { Pace } from '../task/index.ts'

/** When the last call of each place began, as far as this process knows. */
class Places {
  #begun: Promise<Map<number, number>> | undefined
  /** It can be read again at any time. */
  readonly isIdle = true

  /** The place to take, or when one is free. */
  async take(
    { calls, perMs }: Pace,
    now: number,
    read: () => Promise<readonly (readonly [slot: number, at: number])[]>,
  ): Promise<{ readonly slot: number; readonly since: number } | { readonly freeAt: number }> {
    this.#begun ??= read().then((found) => new Map(found))
    const begun = await this.#begun
    let best = { slot: 0, at: Infinity }
    for (let slot = 0; slot < calls; slot++) {
      const at = begun.get(slot) ?? -Infinity
      if (at < best.at) best = { slot, at }
    }
    const since = now - perMs
    if (best.at > since) return { freeAt: best.at + perMs }
    begun.set(best.slot, now)
    return { slot: best.slot, since }
  }

  /** Somebody else was quicker: what is known is old. */
  forget(): void {
    this.#begun = undefined
  }
}

/** So many at once; the others in the order they came. */
class Turnstile {
  #free: number
  readonly #most: number
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#free = most
    this.#most = most
  }

  get isIdle(): boolean {
    return this.#free === this.#most
  }

  async enter(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((enter) => this.#waiting.push(enter))
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}

const places = new WeakMap<Log, Map<string, Places>>()
const turnstiles = new WeakMap<Log, Map<string, Turnstile>>()

const MOST_KEPT = 1000

function ofLedger<T extends { readonly isIdle: boolean }>(
  all: WeakMap<Log, Map<string, T>>,
  log: Log,
  ledger: string,
  make: () => T,
): T {
  const known = all.get(log) ?? new Map<string, T>()
  all.set(log, known)
  if (known.size > MOST_KEPT) for (const [run, one] of known) if (one.isIdle) known.delete(run)
  const there = known.get(ledger) ?? make()
  known.set(ledger, there)
  return there
}

export const placesOf = (log: Log, ledger: string): Places =>
  ofLedger(places, log, ledger, () => new Places())

export const turnstileOf = (log: Log, ledger: string, most: number): Turnstile =>
  ofLedger(turnstiles, log, ledger, () => new Turnstile(most))
