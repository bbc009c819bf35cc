/**
 * Values against a schema that is on the record: whoever sends one is told what is wrong with it before anything changes.
 *
 * J1. This is said ahead of the code's own schema, never in its place: where JSON Schema cannot tell, nothing is wrong yet.
 */
import { Validator } from '@cfworker/json-schema'
import type { Issue } from './schema.ts'

/** What is wrong with a value; empty where nothing is known to be. */
export function issuesOf(schema: object, value: unknown): readonly Issue[] {
  let errors
  try {
    const result = new Validator(schema, '2020-12', false).validate(asJson(value))
    if (result.valid) return []
    ;({ errors } = result)
  } catch (error) {
    // Else it is the schema that cannot be followed: an escape that its library takes and this one does not, say.
    return error instanceof NoJson ? [{ path: '', message: error.message }] : []
  }
  const issues = errors.map((error) => ({
    path: error.instanceLocation.replace(/^#\/?/, '').replaceAll('/', '.'),
    message: error.error,
  }))
  return issues.filter((issue) => issue.path !== '' || issues.length === 1)
}

class NoJson extends Error {}

/** As JSON would have it: a field that is undefined is none. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    throw new NoJson(`A ${typeof value} is nothing that a JSON Schema can describe.`)
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, asJson(inner)]])),
  )
}
