/** A message held against the wait it is for, before it is sent: the sender is told, not the run. */
import { Validator } from '@cfworker/json-schema'
import type { Waiting } from '../run/index.ts'
import { InvalidValue } from '../task/index.ts'

/** @throws {InvalidValue} when an open wait of that name has a schema that refuses the payload */
export function checkPayload(
  runId: string,
  waiting: readonly Waiting[],
  name: string,
  payload: unknown,
): void {
  const open = waiting.find((one) => one.kind === 'wait' && one.name === name && one.schema !== undefined)
  if (!open?.schema) return
  const result = new Validator(open.schema, '2020-12', false).validate(payload)
  if (result.valid) return
  const issues = result.errors.map((error) => ({
    path: error.instanceLocation.replace(/^#\/?/, '').replaceAll('/', '.'),
    message: error.error,
  }))
  throw new InvalidValue(
    'invalid_payload',
    `The message "${name}" to ${runId}`,
    issues.filter((issue) => issue.path !== '' || issues.length === 1),
  )
}
