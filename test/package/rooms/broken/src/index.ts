export { open } from './app/index.ts'
export { program } from './cli/program.ts' // breach
