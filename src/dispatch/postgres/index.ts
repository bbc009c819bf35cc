export type { Database } from './database.ts'
export { PostgresDispatcher, type PostgresOptions } from './dispatcher.ts'
export { prepare } from './schema.ts'
export { examine, listWorkers, type Deployment, type WorkerRow } from './workers.ts'
