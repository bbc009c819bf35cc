export { first } from './tasks.ts'
