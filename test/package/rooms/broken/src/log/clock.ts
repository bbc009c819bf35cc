/**
 * import { open } from '../app/index.ts'
 */
// import { open } from '../app/index.ts'
