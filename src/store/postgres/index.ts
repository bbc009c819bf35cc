export { openPostgres, type PostgresLog, type PostgresOptions } from './postgres-log.ts'
export { grantsTo } from './roles.ts'
