export { continuity } from '../continuity/index.ts'
