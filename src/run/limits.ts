/** What a run may not cross: its task's boundary, within what its caller handed down; and the attempts of steps that are counted. */
import { anew, GuardFailed, type Append, type Change } from '../log/index.ts'
import { narrowed, type Narrowed } from '../task/index.ts'
import type { Generation } from './generation.ts'

/** What has to be on the record before an attempt of a step begins, if anything; or that it must not, and the run ends. */
export type AskStep = (step: string) => Promise<
  | {
      readonly appends: readonly Append[]
      readonly unless?: Change['unless']
      /** It was refused: others were quicker. */
      readonly release: () => void
    }
  | 'refused'
>

export function limitsOf({ task, history, runId }: Generation): Narrowed | undefined {
  const { started, startedAt } = history
  return narrowed(task.boundary?.limits, started.boundary, { id: runId, since: started.since ?? startedAt })
}

/** Whether an attempt of a step may begin. */
export async function reserveStep(generation: Generation, step: string): Promise<boolean> {
  for (const ask of generation.beforeSteps)
    if (!(await anew(() => reserve(generation, ask, step)))) return false
  return true
}

async function reserve(generation: Generation, ask: AskStep, step: string): Promise<boolean> {
  const reserving = await ask(step)
  if (reserving === 'refused') return false
  const { appends, unless, release } = reserving
  if (appends.length === 0) return true
  try {
    const { log } = generation.surroundings
    await generation.patiently(() => log.commit({ appends, ...(unless ? { unless } : {}) }))
    return true
  } catch (error) {
    if (error instanceof GuardFailed) release()
    throw error
  }
}
