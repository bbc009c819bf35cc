/**
 * What messages have to look like by the GenAI conventions of OpenTelemetry, for parts that we send.
 *
 * Written by their published form (`gen-ai-input-messages.json`, `gen-ai-output-messages.json`), and stricter in one thing: they let any
 * object with a `type` pass as a part, whatever it lacks; here a part of a known type has to have what that type asks for.
 */
const text = { type: 'string' } as const
const textOrNone = { type: ['string', 'null'] } as const

const part = (type: string, properties: Readonly<Record<string, object>>, required: readonly string[]) => ({
  type: 'object',
  properties: { type: { const: type }, ...properties },
  required: ['type', ...required],
})

const PARTS = [
  part('text', { content: text }, ['content']),
  part('reasoning', { content: text }, ['content']),
  part('tool_call', { id: textOrNone, name: text, arguments: {} }, ['name']),
  part('tool_call_response', { id: textOrNone, response: {} }, ['response']),
  part('uri', { mime_type: textOrNone, modality: text, uri: text }, ['modality', 'uri']),
  // Of a type of our own.
  {
    type: 'object',
    properties: { type: { type: 'string', pattern: '^throughline\\.' } },
    required: ['type'],
  },
]

const message = (properties: Readonly<Record<string, object>>, required: readonly string[]) => ({
  type: 'array',
  items: {
    type: 'object',
    properties: {
      role: { enum: ['system', 'user', 'assistant', 'tool'] },
      parts: { type: 'array', items: { oneOf: PARTS } },
      ...properties,
    },
    required: ['role', 'parts', ...required],
  },
})

const FINISH = ['stop', 'length', 'content_filter', 'tool_call', 'compaction', 'error']

export const INPUT_MESSAGES = message({}, [])
export const OUTPUT_MESSAGES = message({ finish_reason: { enum: FINISH } }, ['finish_reason'])
