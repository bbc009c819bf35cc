/** A message held against the wait it is for, before it is sent: the sender is told, not the run. */
import type { Waiting } from '../run/index.ts'
import { InvalidValue, issuesOf } from '../task/index.ts'

/** @throws {InvalidValue} when an open wait of that name has a schema that refuses the payload */
export function checkPayload(
  runId: string,
  waiting: readonly Waiting[],
  name: string,
  payload: unknown,
): void {
  const open = waiting.find((one) => one.kind === 'wait' && one.name === name && one.schema !== undefined)
  const issues = open?.schema ? issuesOf(open.schema, payload) : []
  if (issues.length > 0)
    throw new InvalidValue('invalid_payload', `The message "${name}" to ${runId}`, issues)
}
