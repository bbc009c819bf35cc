/** Values against a schema that is on the record: whoever sends one is told what is wrong with it before anything changes. */
import { Validator } from '@cfworker/json-schema'
import type { Issue } from './schema.ts'

/** What is wrong with a value; empty where nothing. */
export function issuesOf(schema: object, value: unknown): readonly Issue[] {
  const result = new Validator(schema, '2020-12', false).validate(value)
  if (result.valid) return []
  const issues = result.errors.map((error) => ({
    path: error.instanceLocation.replace(/^#\/?/, '').replaceAll('/', '.'),
    message: error.error,
  }))
  return issues.filter((issue) => issue.path !== '' || issues.length === 1)
}
