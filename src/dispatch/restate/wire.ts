/**
 * The way to Restate and back: all that a dispatcher asks of it. On a network it is http-wire.ts; a simulation has one in memory, so
 * that what is simulated is everything else.
 */
import type { Endpoint } from './endpoint.ts'

export interface WakeUp {
  readonly run: string
  readonly task: string
  readonly version: string
  /** The same for wake-ups that may be one. */
  readonly key: string
  readonly delayMs: number
  /** There is something to do that the run's row does not show. */
  readonly isLate?: boolean
}

/** Restate has no service of that name: no worker with that task and version has registered. */
export type Sent = 'sent' | 'unknown'

/** Where wake-ups are sent. */
export interface Ingress {
  /** @throws when Restate cannot be asked, or answers with an error */
  send(wakeUp: WakeUp): Promise<Sent>
  close(): void
}

/** An address where workers are, as Restate knows it. */
export interface Registered {
  readonly id: string
  readonly uri?: string
  readonly services: readonly { readonly name: string }[]
}

/** Where workers are made known. Each throws what is said in admin.ts. */
export interface Admin {
  /** For people. */
  readonly address: string
  deployments(signal: AbortSignal): Promise<readonly Registered[]>
  /** Where new calls to each service go. */
  services(signal: AbortSignal): Promise<readonly { readonly name: string; readonly deployment_id: string }[]>
  register(uri: string, signal: AbortSignal): Promise<void>
}

/** A connection by which calls come. */
export interface Line {
  readonly destroyed: boolean
  /** Asks for a sign of life; false, if it cannot be asked. */
  ping(answered: (error: Error | null) => void): boolean
  destroy(): void
  once(event: 'close', heard: () => void): unknown
}

export interface Wire {
  readonly ingress: Ingress
  readonly admin: Admin
  /** Begins to take calls for this endpoint; gives the address where Restate reaches it. @throws {BadDispatch} */
  listen(endpoint: Endpoint): Promise<string>
  /** Takes no connection and no call any more. */
  drain(): void
  /** Once what was in flight has been answered, or after a while. */
  close(): Promise<void>
}

/** How a process reaches Restate, and whose wake-ups it speaks of. */
export interface Route {
  /** Which life of the store. */
  readonly store: string
  /** For whoever carries nothing. */
  ingress(): Ingress
  /** For a worker. @throws {RestateSdkMissing} */
  wire(told: (message: string) => void): Promise<Wire>
}
