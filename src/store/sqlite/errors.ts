import { ThroughlineError } from '../../errors.ts'
import { ForeignStore } from '../errors.ts'

/** The SQLite in this Node can lose commits. */
export class SqliteTooOld extends ThroughlineError {
  constructor(found: string) {
    super('sqlite_too_old', {
      message: `This Node brings SQLite ${found}, which can lose commits when its WAL is reset (mended in 3.51.3). Update Node to the latest 24.`,
      data: { found },
    })
  }
}

/** The store cannot take a commit right now, or at all; what was committed before is untouched. */
export class StoreUnavailable extends ThroughlineError {
  constructor(
    code: 'store_full' | 'store_busy' | 'store_read_only' | 'store_failed',
    file: string,
    cause: unknown,
  ) {
    super(code, {
      message: SENTENCES[code](file),
      retryable: code === 'store_full' || code === 'store_busy',
      data: { file },
      cause,
    })
  }
}

const SENTENCES = {
  store_full: (file: string) =>
    `The disk that holds ${file} is full. Nothing recorded is lost; free some space and the work goes on.`,
  store_busy: (file: string) =>
    `Another process kept ${file} locked for writing. Nothing is lost; try again, or see which process holds it.`,
  store_read_only: (file: string) =>
    `${file} cannot be written: it, or its folder, is read-only. Reading still works; change its permissions to go on.`,
  store_failed: (file: string) =>
    `Reading or writing ${file} failed. What verifies can still be read: run "throughline verify", then "throughline export".`,
}

/** What an error of the driver means in our words; other errors pass unchanged. */
export function fromDriver(error: unknown, file: string): unknown {
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  switch (errcode) {
    case 5:
    case 6:
      return new StoreUnavailable('store_busy', file, error)
    case 8:
      return new StoreUnavailable('store_read_only', file, error)
    case 13:
      return new StoreUnavailable('store_full', file, error)
    case 26:
      return new ForeignStore(file, 'not a database', error)
    case 10:
    case 11:
    case 14:
      return new StoreUnavailable('store_failed', file, error)
    default:
      return error
  }
}
