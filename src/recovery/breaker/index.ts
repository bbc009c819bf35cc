export { breakerOf, type Breaker } from './breaker.ts'
export { breakerChanged } from './events.ts'
export { breakersProjection } from './projection.ts'
