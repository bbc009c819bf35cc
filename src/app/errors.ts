import { ThroughlineError } from '../errors.ts'

/** The address of a store that cannot be one. */
export class BadStore extends ThroughlineError {
  constructor(address: string) {
    const store = address.replace(/\/\/[^/@]*:[^@]*@/, '//…@') // a password is nobody's to read
    super('bad_store', {
      message: `"${store}" is no store's address; give a path, "file:./throughline.db", "memory:", or "postgres://user:password@host/database".`,
      data: { store },
    })
  }
}

/** Something asked of the layer has the wrong shape. */
export class BadRequest extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>> = {}) {
    super('bad_request', { message, data })
  }
}

/** The layer was closed. */
export class Closed extends ThroughlineError {
  constructor() {
    super('closed', { message: 'This Throughline was closed; call open() again.' })
  }
}
