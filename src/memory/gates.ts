/** What decisions demand of the result of a step, and of the output of a task, which is a checkpoint of the task's name. */
import type { Feature } from '../run/index.ts'
import { bind } from './binding.ts'
import { DecisionConflict } from './errors.ts'
import { targetsOf } from './targets.ts'

/** The result of a step is bound by rules of the step's name, and recorded only if it passes them. */
export const stepGate: NonNullable<Feature['stepGate']> = ({ log, run, forks, step, result, now }) => {
  const targets = targetsOf(log)
  const isOld = targets.isOld(now())
  if (!isOld && !targets.has(step)) return undefined
  return async () => {
    if (isOld) await targets.refresh(now())
    if (!targets.has(step)) return undefined
    const about = { scope: run.scope ?? '', target: step, value: result, now: now(), forks }
    const { denied, asks, unless } = await bind(log, about)
    const stopped = [...denied, ...asks]
    if (stopped.length > 0) throw new DecisionConflict(step, stopped)
    return unless
  }
}

/** A task's output is a checkpoint of the task's name. */
export const outputGate: NonNullable<Feature['gate']> = async ({ log, run, forks, output, now }) => {
  const about = { scope: run.scope ?? '', target: run.task, value: output, now: now(), forks }
  const bound = await bind(log, about)
  const stopped = [...bound.denied, ...bound.asks]
  if (stopped.length > 0) throw new DecisionConflict(run.task, stopped)
  return bound.unless
}
