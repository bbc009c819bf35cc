/** `ctx.checkpoint`, and what stands before steps: their number, and the time that a run has. */
import type { Feature, Hands } from '../run/index.ts'
import type { Context } from '../task/index.ts'
import { outputGate, pass } from './checkpoint.ts'
import { cross } from './crossing.ts'
import { boundaryOf, isBreach, note, overTime } from './limits.ts'

const WATCH = Symbol('watch')

function boundaryContext(hands: Hands): Partial<Context> {
  watch(hands)
  return {
    checkpoint: (name, value, options = {}) => pass(hands, name, value, options as never) as Promise<never>, // as the schema types say
  }
}

/** Once a life of a run, and only where something is to be watched. */
function watch(hands: Hands): void {
  hands.shared(WATCH, () => {
    const within = hands.limits()
    const { until } = within ?? {}
    if (until) {
      const { id } = hands.run
      hands.alarm(until.at, () =>
        cross(hands, note(hands, overTime(until, hands.now(), id, 'the clock'), id)),
      )
    }
    if (until || within?.ledgers.some(({ counts }) => counts.steps !== undefined))
      hands.beforeSteps(async (name) => {
        const reserved = await boundaryOf(hands).reserve({ kind: 'step', name })
        if (!isBreach(reserved)) return reserved
        cross(hands, reserved)
        return 'refused'
      })
    return {}
  })
}

export const boundaryFeature: Feature = { context: boundaryContext, gate: outputGate }
