/** What can be wrong with a dispatcher by way of Restate, in our words. */
import { ThroughlineError } from '../../errors.ts'

/** The dispatcher that was asked for cannot be. */
export class BadDispatch extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>> = {}) {
    super('bad_dispatch', { message, data })
  }
}

/** The package `@restatedev/restate-sdk` is not installed. */
export class RestateSdkMissing extends ThroughlineError {
  constructor(cause: unknown) {
    super('restate_sdk_missing', {
      message:
        'A worker behind Restate needs the package "@restatedev/restate-sdk", which is not installed: npm install @restatedev/restate-sdk.',
      cause,
    })
  }
}

/** Restate answers, and will not have this worker. */
export class RestateRefused extends ThroughlineError {
  constructor(admin: string, why: string, data: Readonly<Record<string, unknown>> = {}) {
    super('restate_refused', {
      message: `Restate at ${admin} does not take this worker: ${why}`,
      data: { admin, ...data },
    })
  }
}
