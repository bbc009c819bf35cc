/** The wire of OpenAI's chat completions, as every compatible server speaks it: requests read, answers written. */
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

export const openai: WireFormat = { read, body, frames, error, id: (digest, k) => `chatcmpl-${digest}-${k}` }

function read(given: unknown): Read {
  const { body, model, messages } = common(given)
  const read = messages.map((message, i) => messageOf(message, i))
  answersWhatWasCalled(read)
  return {
    model,
    messages: read,
    isStream: body.stream === true,
    tools: listOf(body.tools).flatMap((tool) => {
      const fn = isRecord(tool) && isRecord(tool.function) ? tool.function : undefined
      return fn && typeof fn.name === 'string'
        ? [{ name: fn.name, description: textIn(fn.description), schema: schemaIn(fn.parameters) }]
        : []
    }),
    mustCall: mustCall(body.tool_choice),
    schema: formatOf(body.response_format),
    maxTokens: numberIn(body.max_completion_tokens) ?? numberIn(body.max_tokens),
  }
}

function messageOf(message: Readonly<Record<string, unknown>>, i: number): AskedMessage {
  const text = textIn(message.content)
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', text, toolCalls: [], toolResults: [] }
    case 'user':
      return { role: 'user', text, toolCalls: [], toolResults: [] }
    case 'assistant':
      return {
        role: 'assistant',
        text,
        toolCalls: listOf(message.tool_calls)
          .filter(isRecord)
          .map((call) => {
            const fn = isRecord(call.function) ? call.function : {}
            return { id: String(call.id), name: String(fn.name), args: String(fn.arguments) }
          }),
        toolResults: [],
      }
    case 'tool':
      return { role: 'tool', text, toolCalls: [], toolResults: [{ id: String(message.tool_call_id), text }] }
    default:
      throw new Unreadable(`Invalid value: '${String(message.role)}' at messages[${i}].role.`)
  }
}

/** The real one refuses a history in which a tool speaks that nobody called, or a call went unanswered. */
function answersWhatWasCalled(messages: readonly AskedMessage[]): void {
  let open: string[] = []
  for (const [i, message] of messages.entries()) {
    if (message.role === 'tool') {
      const at = open.indexOf(message.toolResults[0]?.id ?? '')
      if (at < 0)
        throw new Unreadable(
          `Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls' (messages.[${i}]).`,
        )
      open.splice(at, 1)
      continue
    }
    if (open.length > 0) break
    open = message.toolCalls.map(({ id }) => id)
  }
  if (open.length > 0)
    throw new Unreadable(
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${open.join(', ')}`,
    )
}

function schemaIn(value: unknown): JsonSchema {
  return isRecord(value) ? value : {}
}

function mustCall(choice: unknown): string | true | undefined {
  if (choice === 'required') return true
  const fn = isRecord(choice) && isRecord(choice.function) ? choice.function : undefined
  return typeof fn?.name === 'string' ? fn.name : undefined
}

function formatOf(format: unknown): JsonSchema | undefined {
  if (!isRecord(format)) return undefined
  if (format.type === 'json_object') return true
  return isRecord(format.json_schema) ? schemaIn(format.json_schema.schema) : undefined
}

function finishOf({ answer }: Made): string {
  if (answer.finish !== undefined) return answer.finish
  return (answer.toolCalls?.length ?? 0) > 0 ? 'tool_calls' : 'stop'
}

function usageOf(usage: Usage) {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  }
}

function body(made: Made): unknown {
  const { answer, id, model, created, usage, callIds } = made
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text ?? null,
          ...(answer.reasoning === undefined ? {} : { reasoning_content: answer.reasoning }),
          ...(answer.refusal === undefined ? {} : { refusal: answer.refusal }),
          ...((answer.toolCalls?.length ?? 0) > 0
            ? {
                tool_calls: answer.toolCalls?.map((call, i) => ({
                  id: callIds[i],
                  type: 'function',
                  function: { name: call.name, arguments: argsText(call.args) },
                })),
              }
            : {}),
        },
        finish_reason: finishOf(made),
      },
    ],
    usage: usageOf(usage),
  }
}

function* frames(made: Made): Generator<Frame> {
  const { answer, id, model, created, usage, asked, callIds } = made
  const frame = (rest: object, text?: string): Frame => ({
    data: `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model, ...rest })}\n\n`,
    ...(text === undefined ? {} : { text }),
  })
  const delta = (delta: object, text?: string, finish_reason: string | null = null) =>
    frame({ choices: [{ index: 0, delta, finish_reason }] }, text)
  yield delta({ role: 'assistant', content: '' })
  for (const piece of pieces(answer.reasoning ?? '')) yield delta({ reasoning_content: piece }, piece)
  for (const piece of pieces(answer.text ?? '')) yield delta({ content: piece }, piece)
  for (const piece of pieces(answer.refusal ?? '')) yield delta({ refusal: piece }, piece)
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    const [first = '', ...rest] = pieces(argsText(call.args))
    const fn = { name: call.name, arguments: first }
    yield delta(
      { tool_calls: [{ index, id: callIds[index], type: 'function', function: fn }] },
      `${call.name}${first}`,
    )
    for (const piece of rest) yield delta({ tool_calls: [{ index, function: { arguments: piece } }] }, piece)
  }
  yield delta({}, undefined, finishOf(made))
  const options = asked.body.stream_options
  if (isRecord(options) && options.include_usage === true) yield frame({ choices: [], usage: usageOf(usage) })
  yield { data: 'data: [DONE]\n\n' }
}

function error({ type, message, code }: { type: string; message: string; code?: string }) {
  return { error: { message, type, param: null, code: code ?? null } }
}
