/** The wire of Anthropic's messages: requests read, answers written. */
import { createHash } from 'node:crypto'
import { argsText, pieces, type Usage } from './answer.ts'
import {
  common,
  isRecord,
  listOf,
  numberIn,
  textIn,
  Unreadable,
  type AskedMessage,
  type JsonSchema,
  type Read,
} from './asked.ts'
import type { Frame, Made, WireFormat } from './wire.ts'

export const anthropic: WireFormat = { read, body, frames, error, id: (digest, k) => `msg_${digest}_${k}` }

function read(given: unknown): Read {
  const { body, model, messages } = common(given)
  if (numberIn(body.max_tokens) === undefined) throw new Unreadable('max_tokens: Field required')
  const read = messages.map((message, i) => messageOf(message, i))
  answersWhatWasCalled(read)
  const system = textIn(body.system)
  return {
    model,
    messages: [
      ...(system === '' ? [] : [{ role: 'system' as const, text: system, toolCalls: [], toolResults: [] }]),
      ...read,
    ],
    isStream: body.stream === true,
    tools: listOf(body.tools).flatMap((tool) =>
      isRecord(tool) && typeof tool.name === 'string'
        ? [
            {
              name: tool.name,
              description: textIn(tool.description),
              schema: isRecord(tool.input_schema) ? tool.input_schema : {},
            },
          ]
        : [],
    ),
    mustCall: mustCall(body.tool_choice),
    schema: formatOf(body),
    maxTokens: numberIn(body.max_tokens),
  }
}

function messageOf(message: Readonly<Record<string, unknown>>, i: number): AskedMessage {
  const parts = listOf(message.content).filter(isRecord)
  const text = textIn(message.content)
  if (message.role === 'assistant') {
    for (const [j, part] of parts.entries())
      if (part.type === 'thinking' && part.signature !== signatureOf(String(part.thinking)))
        throw new Unreadable(`messages.${i}.content.${j}: Invalid \`signature\` in \`thinking\` block`)
    return {
      role: 'assistant',
      text,
      toolCalls: parts
        .filter(({ type }) => type === 'tool_use')
        .map((part) => ({ id: String(part.id), name: String(part.name), args: JSON.stringify(part.input) })),
      toolResults: [],
    }
  }
  if (message.role !== 'user')
    throw new Unreadable(
      `messages: Unexpected role "${String(message.role)}". Allowed roles are "user" or "assistant".`,
    )
  const toolResults = parts
    .filter(({ type }) => type === 'tool_result')
    .map((part) => ({ id: String(part.tool_use_id), text: textIn(part.content) }))
  return { role: text === '' && toolResults.length > 0 ? 'tool' : 'user', text, toolCalls: [], toolResults }
}

/** The real one refuses a history in which a call was not answered right after, or an answer has no call. */
function answersWhatWasCalled(messages: readonly AskedMessage[]): void {
  let open: readonly string[] = []
  for (const [i, message] of messages.entries()) {
    const answered = message.toolResults.map(({ id }) => id)
    const missing = open.filter((id) => !answered.includes(id))
    if (missing.length > 0)
      throw new Unreadable(
        `messages.${i - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      )
    const stray = answered.find((id) => !open.includes(id))
    if (stray !== undefined)
      throw new Unreadable(
        `messages.${i}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      )
    open = message.toolCalls.map(({ id }) => id)
  }
}

function mustCall(choice: unknown): string | true | undefined {
  if (!isRecord(choice)) return undefined
  if (choice.type === 'any') return true
  return choice.type === 'tool' && typeof choice.name === 'string' ? choice.name : undefined
}

function formatOf(body: Readonly<Record<string, unknown>>): JsonSchema | undefined {
  const format = isRecord(body.output_config) ? body.output_config.format : body.output_format
  return isRecord(format) && isRecord(format.schema) ? format.schema : undefined
}

/** What thinking is signed with here; whoever changes the text on its way back is found out. */
function signatureOf(thinking: string): string {
  return createHash('sha256').update(`thinking ${thinking}`).digest('base64')
}

function stopOf({ answer }: Made): string {
  if (answer.finish !== undefined) return answer.finish
  if (answer.refusal !== undefined) return 'refusal'
  return (answer.toolCalls?.length ?? 0) > 0 ? 'tool_use' : 'end_turn'
}

function stopDetails({ answer }: Made): object {
  if (answer.refusal === undefined) return {}
  return { stop_details: { type: 'refusal', category: null, explanation: answer.refusal } }
}

function usageOf(usage: Usage) {
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: usage.output,
    ...(usage.reasoning > 0 ? { output_tokens_details: { thinking_tokens: usage.reasoning } } : {}),
  }
}

function inputOf(args: unknown): unknown {
  if (typeof args !== 'string') return args ?? {}
  try {
    return JSON.parse(args)
  } catch {
    return args
  }
}

function body(made: Made): unknown {
  const { answer, id, model, usage, callIds } = made
  const { reasoning, text } = answer
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(reasoning === undefined
        ? []
        : [{ type: 'thinking', thinking: reasoning, signature: signatureOf(reasoning) }]),
      ...(text === undefined || text === '' ? [] : [{ type: 'text', text }]),
      ...(answer.toolCalls ?? []).map((call, i) => ({
        type: 'tool_use',
        id: callIds[i],
        name: call.name,
        input: inputOf(call.args),
      })),
    ],
    stop_reason: stopOf(made),
    stop_sequence: null,
    ...stopDetails(made),
    usage: usageOf(usage),
  }
}

function* frames(made: Made): Generator<Frame> {
  const { answer, id, model, usage, callIds } = made
  const frame = (type: string, rest: object, text?: string): Frame => ({
    data: `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`,
    ...(text === undefined ? {} : { text }),
  })
  const { output_tokens: _, output_tokens_details: _details, ...atStart } = usageOf(usage)
  yield frame('message_start', {
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...atStart, output_tokens: 1 },
    },
  })
  yield frame('ping', {})
  let index = 0
  const block = function* (
    content_block: object,
    name: string,
    deltas: Iterable<readonly [object, string?]>,
  ) {
    yield frame('content_block_start', { index, content_block }, name)
    for (const [delta, text] of deltas) yield frame('content_block_delta', { index, delta }, text)
    yield frame('content_block_stop', { index })
    index++
  }
  const { reasoning } = answer
  if (reasoning !== undefined)
    yield* block({ type: 'thinking', thinking: '', signature: '' }, '', [
      ...pieces(reasoning).map((thinking) => [{ type: 'thinking_delta', thinking }, thinking] as const),
      [{ type: 'signature_delta', signature: signatureOf(reasoning) }] as const,
    ])
  if (answer.text !== undefined && answer.text !== '')
    yield* block(
      { type: 'text', text: '' },
      '',
      pieces(answer.text).map((text) => [{ type: 'text_delta', text }, text] as const),
    )
  for (const [i, call] of (answer.toolCalls ?? []).entries())
    yield* block(
      { type: 'tool_use', id: callIds[i], name: call.name, input: {} },
      call.name,
      pieces(argsText(call.args)).map(
        (partial_json) => [{ type: 'input_json_delta', partial_json }, partial_json] as const,
      ),
    )
  const { output_tokens, output_tokens_details } = usageOf(usage)
  yield frame('message_delta', {
    delta: { stop_reason: stopOf(made), stop_sequence: null, ...stopDetails(made) },
    usage: { output_tokens, ...(output_tokens_details ? { output_tokens_details } : {}) },
  })
  yield frame('message_stop', {})
}

function error({ type, message }: { type: string; message: string }) {
  return { type: 'error', error: { type, message } }
}
