export { SqliteTooOld, StoreUnavailable } from './errors.ts'
export { openSqlite, type SqliteLog, type SqliteOptions } from './sqlite-log.ts'
