/** What must hold of a value at a stage, by the task's own word. */
import { messageOf } from '../errors.ts'
import type { AnyTask } from '../task/index.ts'
import { InvariantBroken } from './errors.ts'

/** Fails closed: an invariant that throws does not hold. @throws {InvariantBroken} */
export async function holdInvariants(
  task: AnyTask,
  stage: string,
  value: unknown,
  input: unknown,
): Promise<void> {
  for (const { name, at, holds } of task.boundary?.invariants ?? []) {
    if (at && !at.includes(stage)) continue
    let said: unknown
    try {
      said = await holds(value, { stage, input })
    } catch (error) {
      throw new InvariantBroken(task.name, stage, name, `it threw: ${messageOf(error)}`, error)
    }
    if (said !== true)
      throw new InvariantBroken(task.name, stage, name, typeof said === 'string' ? said : undefined)
  }
}
