export { isPostgres } from './address.ts'
export {
  AccessDenied,
  BadAddress,
  DatabaseFailed,
  DatabaseUnavailable,
  DriverMissing,
  PostgresTooOld,
  TlsRefused,
} from './errors.ts'
export { openPostgres, type PostgresLog, type PostgresOptions } from './postgres-log.ts'
export { grantsTo } from './roles.ts'
