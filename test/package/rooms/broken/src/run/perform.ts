import { task } from '../task/index.ts'
export { open } from '../app/index.ts' // breach
const store = await import('../store/sqlite/index.ts') // breach
const worker = new URL('../dispatch/in-process/worker.ts', import.meta.url) // breach
