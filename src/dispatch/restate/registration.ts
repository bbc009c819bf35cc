/**
 * Making this worker known to Restate.
 *
 * R1. The services behind an address only ever grow: workers of two releases behind one address would be sent each other's runs.
 * R2. While Restate does not answer, it is asked again, for as long as it takes; that is said once, and that it answered, too.
 * R3. Restate calls where a service was registered last. Whoever begins registers, a release that comes back included; whoever sees runs
 *     that are not called for does so again: those who came after may be gone.
 */
import type { Ticks } from '../ticks.ts'
import { reasonOf, sameAddress, Unwell } from './admin.ts'
import { RestateRefused } from './errors.ts'
import type { Admin } from './wire.ts'

export interface RegistrationOptions {
  readonly admin: Admin
  /** Where Restate reaches the workers. */
  readonly address: string
  readonly services: readonly string[]
  readonly ticks: Ticks
  readonly told: (message: string, error?: unknown) => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000
/** Two releases that both live, and have too much to do, do not take a service from each other all the time. */
const RECLAIM_EVERY_MS = 20_000

export class Registration {
  readonly #options: RegistrationOptions
  readonly #ended = new AbortController()
  #stopPause: () => void = () => {}
  #isTrying = false
  #reclaimedAt = -Infinity

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  /** Resolves once this worker is registered, or it turned out that Restate does not answer yet. @throws {RestateRefused} */
  async begin(): Promise<void> {
    const { admin, told } = this.#options
    try {
      await this.#once()
    } catch (error) {
      if (error instanceof RestateRefused) throw error
      told(
        error instanceof Unwell
          ? `Restate at ${admin.address} cannot register ${this.#options.address} yet (${error.message}); this worker goes on trying.`
          : `Restate at ${admin.address} does not answer (${reasonOf(error)}); this worker waits until it does.`,
      )
      void this.#goOn(FIRST_PAUSE_MS)
    }
  }

  /** Restate does not know this worker any more: it was set up anew. */
  renew(): void {
    void this.#goOn(0)
  }

  /** Runs of this worker's tasks are not called for: perhaps Restate calls where nobody is any more. */
  reclaim(): void {
    const { ticks } = this.#options
    if (ticks.now() - this.#reclaimedAt < RECLAIM_EVERY_MS) return
    this.#reclaimedAt = ticks.now()
    void this.#goOn(0)
  }

  stop(): void {
    this.#ended.abort()
    this.#stopPause()
  }

  async #goOn(firstPauseMs: number): Promise<void> {
    if (this.#isTrying) return
    this.#isTrying = true
    const { admin, told } = this.#options
    const { signal } = this.#ended
    for (
      let pauseMs = firstPauseMs;
      !signal.aborted;
      pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs + FIRST_PAUSE_MS)
    ) {
      await this.#pause(pauseMs)
      try {
        if (await this.#once()) told(`Restate at ${admin.address} answers; this worker is registered.`)
        break
      } catch (error) {
        if (!(error instanceof RestateRefused)) continue
        told(error.message, error)
        break
      }
    }
    this.#isTrying = false
  }

  /** Ends at once when this worker stops. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#options.ticks.after(ms, resolve)
      this.#stopPause = () => (stop(), resolve())
    })
  }

  #once(): Promise<boolean> {
    this.#ended.signal.throwIfAborted()
    return registerOnce(this.#options, this.#ended.signal)
  }
}

/** Whether there was anything to do. */
async function registerOnce(options: RegistrationOptions, signal: AbortSignal): Promise<boolean> {
  const { admin, address, services } = options
  const own = (await admin.deployments(signal)).find(({ uri }) => sameAddress(uri, address))
  const before = new Set(own?.services.map(({ name }) => name))
  const lacking = [...before].filter((name) => !services.includes(name))
  if (lacking.length > 0)
    throw new RestateRefused(
      admin.address,
      `${address} is registered with ${lacking.join(', ')}, which this worker has no code for. Give each release an address of its own (--address), or remove the old one once its runs are done: restate deployments remove ${own?.id ?? ''} --force.`,
      { address, lacking },
    )
  const isCalled = async () =>
    (await admin.services(signal))
      .filter(({ name }) => before.has(name))
      .every(({ deployment_id }) => deployment_id === own?.id)
  if (before.size === services.length && (await isCalled())) return false
  await admin.register(address, signal)
  return true
}
