/** What a run may not cross: its task's boundary, within what its caller handed down; and the attempts of steps that are counted. */
import { anew, GuardFailed, type Append, type Change } from '../log/index.ts'
import { narrowed, type Narrowed } from '../task/index.ts'
import type { Generation } from './generation.ts'

/** What has to be on the record before an attempt of a step begins, if anything. An answer that never comes keeps it from beginning. */
export type AskStep = (step: string) => Promise<
  | {
      readonly appends: readonly Append[]
      readonly unless?: Change['unless']
      /** It was refused: others were quicker. */
      readonly release: () => void
    }
  | undefined
>

export function limitsOf({ task, history, runId }: Generation): Narrowed | undefined {
  const { started, startedAt } = history
  return narrowed(task.boundary?.limits, started.boundary, { id: runId, since: started.since ?? startedAt })
}

export async function reserveStep(generation: Generation, step: string): Promise<void> {
  const { log } = generation.surroundings
  for (const ask of generation.beforeSteps)
    await anew(async () => {
      const reserving = await ask(step)
      if (!reserving || reserving.appends.length === 0) return
      const { appends, unless, release } = reserving
      try {
        await generation.patiently(() => log.commit({ appends, ...(unless ? { unless } : {}) }))
      } catch (error) {
        if (error instanceof GuardFailed) release()
        throw error
      }
    })
}
