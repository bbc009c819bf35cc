/** What can be wrong with where telemetry is to go. */
import { ThroughlineError } from '../errors.ts'

/** It is not said where telemetry goes, or in a way that cannot work. */
export class BadTelemetry extends ThroughlineError {
  constructor(message: string) {
    super('bad_telemetry', { message })
  }
}
