/** How far telemetry has been sent, on a stream of its own for each place it goes to. */
import { kind } from '../log/index.ts'

export interface SentBody {
  /** Up to this position of the store; which event that is, for positions mean nothing in another store. */
  readonly position: number
  readonly hash: string
  /** Who sends; nobody, once it has stopped. */
  readonly by?: string
}

export const telemetrySent = kind<SentBody>('telemetry.sent')

export const TELEMETRY = 'telemetry:'
/** Ends in a slash, as no stream of a run does. */
export const telemetryStream = (name: string): string => `${TELEMETRY}${name}/`
