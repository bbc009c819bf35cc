export { breakerOf, type Breaker } from './breaker.ts'
export { breakersProjection } from './projection.ts'
