/** What can be wrong with a route. */
import { ThroughlineError } from '../../errors.ts'

/** A route that is defined in a way that cannot work, or whose handler did not give a response. */
export class BadRoute extends ThroughlineError {
  constructor(route: string, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super('bad_route', { message, data: { route, ...data } })
  }
}
