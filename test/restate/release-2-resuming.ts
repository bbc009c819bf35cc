export { resuming } from './tasks.ts'
