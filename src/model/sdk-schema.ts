/**
 * A JSON Schema as the AI SDK takes it, made without the SDK: `ai` need not be installed for what only describes a tool.
 *
 * S1. What is called here checks its input itself, and tells the model in words: no `validate`.
 */
import type { Schema } from 'ai'

/** By which the SDK knows a schema of its own kind (`jsonSchema()` of @ai-sdk/provider-utils). */
const MARK = Symbol.for('vercel.ai.schema')

export function sdkSchema(jsonSchema: object): Schema<Record<string, unknown>> {
  return { [MARK]: true, _type: undefined, validate: undefined, jsonSchema } as never // as the SDK's own function makes it
}
