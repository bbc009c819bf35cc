import { release } from './tasks.ts'

export const { leg, order } = release('1')
