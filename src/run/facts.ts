/** What a run knows of itself: `ctx.run`. */
import type { Context } from '../task/index.ts'
import type { Generation } from './generation.ts'

export function runFacts(generation: Generation): Context['run'] {
  const { started, startedAt } = generation.history
  return {
    id: generation.runId,
    task: started.task,
    version: started.version,
    scope: started.scope,
    thread: started.thread,
    attempt: generation.history.attempt,
    startedAt,
  }
}
