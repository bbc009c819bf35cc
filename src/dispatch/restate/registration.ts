/**
 * Making this worker known to Restate.
 *
 * R1. The services behind an address only ever grow: workers of two releases behind one address would be sent each other's runs.
 * R2. While Restate does not answer, it is asked again, for as long as it takes; that is said once, and that it answered, too.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { askAdmin, deploymentsOf, reasonOf, sameAddress, Unwell } from './admin.ts'
import { RestateRefused } from './errors.ts'

export interface RegistrationOptions {
  readonly admin: string
  /** Where Restate reaches the workers. */
  readonly address: string
  readonly services: readonly string[]
  readonly told: (message: string, error?: unknown) => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000

export class Registration {
  readonly #options: RegistrationOptions
  readonly #ended = new AbortController()
  #isTrying = false

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
          ? `Restate at ${admin} cannot register ${this.#options.address} yet (${error.message}); this worker goes on trying.`
          : `Restate at ${admin} does not answer (${reasonOf(error)}); this worker waits until it does.`,
      )
      void this.#goOn(FIRST_PAUSE_MS)
    }
  }

  /** Restate does not know this worker any more: it was set up anew. */
  renew(): void {
    void this.#goOn(0)
  }

  stop(): void {
    this.#ended.abort()
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
      await sleep(pauseMs, undefined, { signal }).catch(() => {})
      try {
        await this.#once()
        told(`Restate at ${admin} answers; this worker is registered.`)
        break
      } catch (error) {
        if (!(error instanceof RestateRefused)) continue
        told(error.message, error)
        break
      }
    }
    this.#isTrying = false
  }

  async #once(): Promise<void> {
    this.#ended.signal.throwIfAborted()
    await registerOnce(this.#options, this.#ended.signal)
  }
}

async function registerOnce(options: RegistrationOptions, signal: AbortSignal): Promise<void> {
  const { admin, address, services } = options
  const own = (await deploymentsOf(admin, signal)).find(({ uri }) => sameAddress(uri, address))
  const before = new Set(own?.services.map(({ name }) => name))
  const lacking = [...before].filter((name) => !services.includes(name))
  if (lacking.length > 0)
    throw new RestateRefused(
      admin,
      `${address} is registered with ${lacking.join(', ')}, which this worker has no code for. Give each release an address of its own (--address), or remove the old one once its runs are done: restate deployments remove ${own?.id ?? ''} --force.`,
      { address, lacking },
    )
  if (before.size === services.length) return
  await askAdmin(admin, 'POST', '/deployments', signal, { uri: address, force: true })
}
