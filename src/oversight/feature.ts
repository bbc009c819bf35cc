/** `ctx.ask` and `ctx.approve`: what a body asks of people. */
import type { Feature } from '../run/index.ts'
import { approve } from './approve.ts'
import { askContext } from './ask.ts'

export const oversightFeature: Feature = {
  context: (hands) => ({
    ...askContext(hands),
    approve: (name, options) => approve(hands, name, options),
  }),
}
