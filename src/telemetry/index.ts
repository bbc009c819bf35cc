export { BadTelemetry } from './errors.ts'
export { TELEMETRY } from './events.ts'
export { telemetry, telemetryFromEnvironment, type Telemetry, type TelemetryOptions } from './telemetry.ts'
