/** `ctx.checkpoint`, and the output of a task, which is one: nothing passes that goes against what was decided. */
import type { Feature, Hands } from '../run/index.ts'
import { validate, type CheckpointOptions } from '../task/index.ts'
import { bind, type Against } from './binding.ts'
import { CheckFailed, DecisionConflict } from './errors.ts'
import { targetsOf } from './targets.ts'

interface Passed {
  readonly value: unknown
  /** Decisions that were gone against with a reason, and those that only warn. */
  readonly against?: readonly { readonly item: string; readonly version: number; readonly because?: string }[]
}

/** Validates a value for the body, and records what it was found to be. */
export async function pass(
  { run, forks, log, now, keep }: Hands,
  name: string,
  given: unknown,
  options: CheckpointOptions<never>,
): Promise<unknown> {
  const passed = (await keep('checkpoint', name, async () => {
    const what = `The value at checkpoint "${name}"`
    const value = await validate(options.schema, given, 'invalid_value', what)
    for (const [check, test] of Object.entries(options.checks ?? {})) {
      const said = await test(value as never) // what the schema gave back is what the checks are written for
      if (said !== true) throw new CheckFailed(name, check, typeof said === 'string' ? said : undefined)
    }
    const { denied, asks, warned, unless } = await bind(log, {
      scope: run.scope ?? '',
      target: name,
      value,
      now: now(),
      forks,
    })
    const reasons = options.because ?? {}
    const stopped = [...denied, ...asks.filter(({ item }) => !reasons[item.id]?.trim())]
    if (stopped.length > 0) throw new DecisionConflict(name, stopped)
    const against = [...asks, ...warned].map(({ item }) => withReason(item, reasons[item.id]))
    const passing: Passed = against.length > 0 ? { value, against } : { value }
    return { appends: [], unless, value: passing }
  })) as Passed // what this operation records
  return passed.value
}

const withReason = (item: Against['item'], because: string | undefined) => ({
  item: item.id,
  version: item.version,
  ...(because === undefined ? {} : { because }),
})

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
