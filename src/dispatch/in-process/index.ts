export { InProcessDispatcher, type InProcessOptions } from './dispatcher.ts'
