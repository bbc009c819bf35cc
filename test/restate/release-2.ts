export { second } from './tasks.ts'
