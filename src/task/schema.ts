/** Values against the schemas users bring: any Standard Schema (zod, valibot, arktype …). */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ThroughlineError } from '../errors.ts'

export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/** One thing wrong with a value: where, and what. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** A value does not fit its schema; every issue is listed with its path. */
export class InvalidValue extends ThroughlineError {
  constructor(
    code: 'invalid_input' | 'invalid_output' | 'invalid_payload' | 'invalid_value',
    what: string,
    issues: readonly Issue[],
  ) {
    const lines = issues.map((issue) => `  ${issue.path || '(whole)'}: ${issue.message}`)
    super(code, {
      message: `${what} does not fit its schema; correct ${issues.length === 1 ? 'this' : `these ${issues.length}`}:\n${lines.join('\n')}`,
      data: { issues },
    })
  }
}

/** The value as its schema gives it back. @throws {InvalidValue} */
export async function validate(
  schema: Schema | undefined,
  value: unknown,
  code: ConstructorParameters<typeof InvalidValue>[0],
  what: string,
): Promise<unknown> {
  if (!schema) return value
  const checked = await schema['~standard'].validate(value)
  if (!checked.issues) return checked.value
  const issues = checked.issues.map((issue) => ({ path: pathText(issue.path), message: issue.message }))
  throw new InvalidValue(code, what, issues)
}

function pathText(path: StandardSchemaV1.Issue['path']): string {
  return (path ?? [])
    .map((part) => (typeof part === 'object' ? part.key : part))
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`))
    .join('')
}

/** The schema as JSON Schema, where its library can say it (Standard JSON Schema); otherwise undefined. */
export function jsonSchemaOf(schema: Schema | undefined): object | undefined {
  const standard = schema?.['~standard'] as
    | { readonly jsonSchema?: { readonly input?: (options: { target: string }) => object } }
    | undefined
  try {
    return standard?.jsonSchema?.input?.({ target: 'draft-2020-12' })
  } catch {
    return undefined // a schema JSON Schema cannot express: the receiver still validates
  }
}
