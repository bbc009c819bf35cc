export { StoreMissing } from './connection.ts'
export { ForeignStore, SqliteTooOld, StoreNewer, StoreUnavailable } from './errors.ts'
export { openSqlite, type SqliteLog, type SqliteOptions } from './sqlite-log.ts'
