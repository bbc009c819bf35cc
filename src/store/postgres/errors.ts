/**
 * What Postgres, its driver and the network say, in our words.
 *
 * Three kinds matter to whoever writes: the connection is gone and nobody knows what became of what was under way (`isLost`); the
 * database refused for the moment, with nothing done (`isPassing`); anything else is final.
 */
import { messageOf, ThroughlineError } from '../../errors.ts'
import { StoreMissing } from '../errors.ts'

/** The address cannot be understood. */
export class BadAddress extends ThroughlineError {
  constructor(shown: string, why: string) {
    super('bad_address', {
      message: `${shown} is no address of a Postgres store: ${why}. Write postgres://user:password@host:port/database?schema=throughline&sslmode=verify-full.`,
      data: { store: shown },
    })
  }
}

/** The package `pg` is not installed. */
export class DriverMissing extends ThroughlineError {
  constructor(cause: unknown) {
    super('driver_missing', {
      message: 'A store on Postgres needs the package "pg", which is not installed: npm install pg.',
      cause,
    })
  }
}

/** The server is older than what the store is made for. */
export class PostgresTooOld extends ThroughlineError {
  constructor(shown: string, found: string) {
    super('postgres_too_old', {
      message: `${shown} is served by Postgres ${found}; Throughline needs 16 or newer. Nothing was changed; upgrade the server.`,
      data: { store: shown, found },
    })
  }
}

/** Nobody answers at the address, or not any more. */
export class DatabaseUnavailable extends ThroughlineError {
  constructor(shown: string, why: string, cause?: unknown) {
    super('store_unavailable', {
      message: `${shown} cannot be reached: ${why}. What was committed is safe; check the address and whether the database runs, then try again.`,
      retryable: true,
      data: { store: shown },
      cause,
    })
  }
}

/** The database knows us, or does not, and in either case says no. */
export class AccessDenied extends ThroughlineError {
  constructor(shown: string, why: string, cause?: unknown) {
    super('access_denied', {
      message: `${shown} refuses this user: ${why}. Check user and password in the address, or ask whoever runs the database for the privilege.`,
      data: { store: shown },
      cause,
    })
  }
}

/** The two sides do not agree on encryption. */
export class TlsRefused extends ThroughlineError {
  constructor(shown: string, why: string, cause?: unknown) {
    super('tls_refused', {
      message: `No connection to ${shown}: ${why}.`,
      data: { store: shown },
      cause,
    })
  }
}

/** The database's disk is full, or it failed in a way that is not ours to mend. */
export class DatabaseFailed extends ThroughlineError {
  constructor(code: 'store_full' | 'store_failed' | 'store_read_only', shown: string, cause?: unknown) {
    super(code, {
      message: SENTENCES[code](shown, messageOf(cause)),
      retryable: code === 'store_full',
      data: { store: shown },
      cause,
    })
  }
}

const SENTENCES = {
  store_full: (shown: string) =>
    `The disk of ${shown} is full. Nothing recorded is lost; free some space and the work goes on.`,
  store_failed: (shown: string, why: string) =>
    `${shown} failed: ${why}. Nothing of this was done; see the log of the database.`,
  store_read_only: (shown: string) =>
    `${shown} was opened to be read only; open it without isReadOnly to write.`,
}

/** SQLSTATE of a server's answer, or the code of a network error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

const NETWORK = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|ENOTFOUND|ERR_SSL|ERR_STREAM|ENOENT|EACCES)/
/** Of classes 57 (operator) and 08 (connection), and a server that only reads now because another one took over. */
const GONE = /^(?:57P0[1-5]|08|25006)/
const FULL = new Set(['53100'])
/** Too many connections, out of memory, deadlock, serialization, a lock or a statement that took too long. */
const FOR_NOW = /^(?:53|40|55P03|57014)/

/** The connection is of no use any more; what was under way on it may have been done or not. */
export function isLost(error: unknown): boolean {
  const code = codeOf(error)
  if (NETWORK.test(code) || GONE.test(code)) return true
  return (
    error instanceof Error &&
    code === '' &&
    /terminated|not queryable|ended|closed|timeout/i.test(error.message)
  )
}

/** The database itself refused, and did nothing. Whatever else goes wrong with a statement, nobody knows whether it was done. */
export function isAnswer(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && !isLost(error)
}

/** Nothing was done, and the same may succeed in a moment. */
export function mayPass(error: unknown): boolean {
  const code = codeOf(error)
  return !FULL.has(code) && FOR_NOW.test(code)
}

/** What an error means, for who asked; errors of ours pass unchanged. */
export function fromDriver(error: unknown, shown: string): unknown {
  if (error instanceof ThroughlineError || !(error instanceof Error)) return error
  const code = codeOf(error)
  const why = messageOf(error)
  if (code === '3D000') return new StoreMissing(`${shown} (its database does not exist)`)
  if (code === '28000' && /no encryption|SSL off/i.test(why))
    return new TlsRefused(
      shown,
      'the server takes encrypted connections only; use sslmode=require or stricter',
      error,
    )
  if (code.startsWith('28')) return new AccessDenied(shown, why, error)
  if (code === '42501') return new AccessDenied(shown, why, error)
  if (FULL.has(code)) return new DatabaseFailed('store_full', shown, error)
  if (isTls(error)) return new TlsRefused(shown, `${why}; see sslmode and sslrootcert in the address`, error)
  if (isLost(error) || mayPass(error)) return new DatabaseUnavailable(shown, why || code, error)
  return code === '' ? error : new DatabaseFailed('store_failed', shown, error)
}

function isTls(error: Error): boolean {
  return (
    /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|HOSTNAME_)/.test(codeOf(error)) ||
    /SSL/.test(error.message)
  )
}
