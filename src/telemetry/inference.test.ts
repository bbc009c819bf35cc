/** Calls of models and tools, by the conventions. */
import { convertGenAISpanAttributesToOpenInferenceSpanAttributes as converted } from '@arizeai/openinference-genai'
import { Validator, type Schema } from '@cfworker/json-schema'
import { expect, test } from 'vitest'
import { Receiver, type ReceivedSpan } from '../../test/telemetry/receiver.ts'
import { INPUT_MESSAGES, OUTPUT_MESSAGES } from '../../test/telemetry/message-schemas.ts'
import {
  ASKED,
  begun,
  conversation,
  embedded,
  QUESTION,
  record,
  trouble,
} from '../../test/telemetry/recorded.ts'
import { openStore } from '../app/index.ts'
import { telemetry, type TelemetryOptions } from './index.ts'

const RUN = 'run_review'

async function told(options: TelemetryOptions = {}) {
  const receiver = await Receiver.listen()
  const log = openStore('memory:')
  const sending = telemetry({ log }, { endpoint: receiver.endpoint, everyMs: 10, ...options })
  await sending.started
  await record(log, RUN, [
    begun(RUN, { thread: 'thr_1' }),
    ...conversation,
    ...trouble,
    { kind: 'run.done', body: { v: 1 } },
  ])
  await sending.close()
  await log.close()
  await receiver[Symbol.asyncDispose]()
  return receiver
}

const chats = (receiver: Receiver) => receiver.spans.filter(({ name }) => name === 'chat m-large')

test('a call of a model is a span, whose attempts are within it', async () => {
  const receiver = await told()
  const [first, second] = chats(receiver)
  expect(first).toMatchObject({
    kind: 3,
    status: { code: 0 },
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.conversation.id': 'thr_1',
      'gen_ai.output.type': 'json',
      'gen_ai.request.model': 'm-large',
      'gen_ai.request.max_tokens': 1000,
      'gen_ai.request.temperature': 0.2,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.request.stream': true,
      'gen_ai.response.id': 'chatcmpl-1',
      'gen_ai.response.model': 'm-large-2026',
      'gen_ai.response.finish_reasons': ['tool_call'],
      'gen_ai.response.time_to_first_chunk': 0.12,
      'gen_ai.usage.input_tokens': 1200,
      'gen_ai.usage.output_tokens': 80,
      'gen_ai.usage.cache_read.input_tokens': 1000,
      'gen_ai.usage.reasoning.output_tokens': 20,
      'throughline.cost_usd': 0.0123,
      'throughline.prices': 'genai-prices 0.1.8 openai/m-large',
      'throughline.attempts': 2,
    },
  })
  const attempts = receiver.spans.filter(({ name }) => name === 'attempt')
  expect(
    attempts.map(({ parentSpanId, status, attributes }) => [
      parentSpanId,
      status.code,
      attributes['error.type'],
    ]),
  ).toEqual([
    [first?.spanId, 2, '529'],
    [first?.spanId, 0, undefined],
  ])
  expect(second?.attributes['throughline.attempts']).toBe(1)
  expect(receiver.span('invoke_agent reviewer')).toMatchObject({
    spanId: first?.parentSpanId,
    attributes: {
      'gen_ai.agent.name': 'reviewer',
      'throughline.run.model_calls': 2,
      'throughline.run.cost_usd': 0.0123,
    },
  })
})

test('an embedding is a span of its own kind', async () => {
  await using receiver = await Receiver.listen()
  const log = openStore('memory:')
  const sending = telemetry({ log }, { endpoint: receiver.endpoint, everyMs: 10, content: true })
  await sending.started
  await record(log, RUN, [begun(RUN), ...embedded])
  await sending.close()
  await log.close()
  const { attributes } = receiver.span('embeddings e')
  expect(attributes).toMatchObject({
    'gen_ai.operation.name': 'embeddings',
    'gen_ai.provider.name': 'lab',
    'gen_ai.request.model': 'e',
    'gen_ai.usage.input_tokens': 3,
  })
  expect(Object.keys(attributes)).not.toContain('gen_ai.output.messages')
})

test('a record that goes in a circle, or says nothing that it should, hangs nobody', async () => {
  await using receiver = await Receiver.listen()
  const log = openStore('memory:')
  const sending = telemetry({ log }, { endpoint: receiver.endpoint, everyMs: 10, content: true })
  await sending.started
  const round = { model: 'm', conversation: 'a', after: 'b', said: [['a', null]], settings: 7 }
  await record(log, RUN, [
    begun(RUN),
    { kind: 'model.asked', name: 'one m', body: { ...round, said: [['b', 'x']], after: 'a' } },
    { kind: 'model.asked', name: 'one m', body: round },
    {
      kind: 'model.answered',
      name: 'one m',
      body: { content: 'text', usage: [], finish: 'stop', ms: 'long' },
    },
    { kind: 'tool.returned', name: 'two', body: [1] },
    { kind: 'model.settings', body: 'nothing' },
    { kind: 'boundary.breached' },
    { kind: 'run.done' },
  ])
  await sending.close()
  await log.close()
  expect(receiver.spans.map(({ name }) => name)).toEqual([
    'chat m',
    'execute_tool two',
    'breach',
    'invoke_agent reviewer',
  ])
})

test('a call of a tool is a span, and what its function performs is within it', async () => {
  const receiver = await told()
  const tool = receiver.span('execute_tool weather')
  expect(tool.attributes).toMatchObject({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'weather',
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': 'call_0',
  })
  expect(receiver.span('step fetch').parentSpanId).toBe(tool.spanId)
})

test('breaches, failures, rungs and halts are told at once, in our own words', async () => {
  const receiver = await told()
  const root = receiver.span('invoke_agent reviewer').spanId
  for (const [name, attributes] of [
    [
      'breach',
      {
        'throughline.breach.what': 'costUsd',
        'throughline.breach.limit': 1,
        'throughline.breach.actual': 1.2,
      },
    ],
    ['failure', { 'throughline.failure.mode': 'boundary_breach', 'throughline.failure.handled': true }],
    ['rung', { 'throughline.rung.name': 'halt', 'throughline.rung.number': 1 }],
    ['halted', { 'throughline.run.status': 'halted', 'error.type': 'boundary_breach' }],
  ] as const)
    expect(receiver.span(name)).toMatchObject({ parentSpanId: root, attributes })
})

test('nothing that was said is told unless it was asked for', async () => {
  const all = JSON.stringify((await told()).spans)
  expect(
    all.match(
      /secret|vendor|Paris|rain|Let me|gen_ai\.(?:input\.m|output\.m|system|tool\.call\.(?:arg|res))/,
    ),
  ).toBeNull()
})

test('content that was asked for has the form of the conventions', async () => {
  const receiver = await told({ content: true })
  const [first, second] = chats(receiver) as [ReceivedSpan, ReceivedSpan]
  const input = JSON.parse(String(second.attributes['gen_ai.input.messages'])) as unknown
  const output = JSON.parse(String(first.attributes['gen_ai.output.messages'])) as unknown
  for (const [messages, schema] of [
    [input, INPUT_MESSAGES],
    [output, OUTPUT_MESSAGES],
  ] as const)
    expect(new Validator(schema as Schema).validate(messages).errors).toEqual([])
  expect(input).toEqual([
    {
      role: 'user',
      parts: [
        { type: 'text', content: QUESTION },
        { type: 'throughline.file', mime_type: 'image/png' },
      ],
    },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'call_0', name: 'weather', arguments: { city: 'Paris' } }],
    },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_0', response: { sky: 'rainy' } }] },
  ])
  expect(output).toEqual([
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', content: 'Let me look.' },
        { type: 'text', content: 'I will look.' },
        { type: 'tool_call', id: 'call_0', name: 'weather', arguments: { city: 'Paris' } },
      ],
      finish_reason: 'tool_call',
    },
  ])
  expect(first.attributes['gen_ai.system_instructions']).toBe(
    '[{"type":"text","content":"You review vendors."}]',
  )
  expect(receiver.span('execute_tool weather').attributes).toMatchObject({
    'gen_ai.tool.call.arguments': '{"city":"Paris"}',
    'gen_ai.tool.call.result': '{"sky":"rainy"}',
  })
  expect(receiver.span('halted').status).toEqual({ code: 2, message: 'secret' })
})

test('OpenInference reads it', async () => {
  const receiver = await told({ content: true })
  const [first, second] = chats(receiver) as [ReceivedSpan, ReceivedSpan]
  const read = ({ attributes }: ReceivedSpan) => converted(attributes as Parameters<typeof converted>[0])
  expect(read(first)).toMatchObject({
    'openinference.span.kind': 'LLM',
    'llm.provider': 'openai',
    'llm.model_name': 'm-large-2026',
    'llm.token_count.prompt': 1200,
    'llm.token_count.completion': 80,
    'llm.token_count.prompt_details.cache_read': 1000,
    'llm.finish_reason': 'tool_call',
    'llm.input_messages.1.message.contents.0.message_content.text': QUESTION,
    'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'weather',
  })
  expect(read(second)).toMatchObject({
    'llm.output_messages.0.message.contents.0.message_content.text': 'It rains in Paris.',
  })
  expect(read(receiver.span('execute_tool weather'))).toMatchObject({
    'openinference.span.kind': 'TOOL',
    'tool.name': 'weather',
  })
  expect(read(receiver.span('invoke_agent reviewer'))).toMatchObject({
    'openinference.span.kind': 'AGENT',
    'agent.name': 'reviewer',
  })
})

test('what is counted and measured has the names and units of the conventions', async () => {
  const { points } = await told()
  const sum = (metric: string, attributes: Record<string, unknown> = {}) => {
    const found = points.filter(
      (point) =>
        point.metric === metric &&
        Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
    )
    return found.reduce((all, point) => all + (point.count === undefined ? point.sum : point.sum), 0)
  }
  expect(sum('gen_ai.client.token.usage', { 'gen_ai.token.type': 'input' })).toBe(2500)
  expect(sum('gen_ai.client.token.usage', { 'gen_ai.token.type': 'output' })).toBe(89)
  expect(sum('gen_ai.client.inference.usage.input_tokens')).toBe(2500)
  expect(sum('gen_ai.client.operation.time_to_first_chunk')).toBe(0.12)
  expect(sum('throughline.cost')).toBe(0.0123)
  expect(sum('throughline.breaches', { 'throughline.breach.what': 'costUsd' })).toBe(1)
  expect(sum('throughline.rungs', { 'throughline.rung.name': 'halt' })).toBe(1)
  expect(sum('throughline.failures', { 'throughline.failure.mode': 'boundary_breach' })).toBe(1)
  expect(sum('throughline.runs', { 'throughline.run.status': 'halted' })).toBe(1)
  expect(sum('throughline.runs', { 'throughline.run.status': 'done' })).toBe(1)
  const counts = Object.fromEntries(
    points.flatMap(({ metric, count }) => (count === undefined ? [] : [[metric, count]])),
  )
  expect(counts).toMatchObject({
    'gen_ai.client.operation.duration': 2,
    'gen_ai.execute_tool.duration': 1,
    'gen_ai.invoke_agent.duration': 1,
  })
})

test('of a conversation that is too long the beginning is left out, and it is said', async () => {
  const receiver = await Receiver.listen()
  const log = openStore('memory:')
  const sending = telemetry({ log }, { endpoint: receiver.endpoint, everyMs: 10, content: true })
  await sending.started
  const said = Array.from({ length: 50 }, (_, i) => [
    `d${i}`,
    { role: 'user', content: [{ type: 'text', text: `${i} ${'word '.repeat(1000)}` }] },
  ])
  const asked = { model: 'm', n: 1, conversation: 'd49', said, settings: 'none' }
  await record(log, RUN, [
    begun(RUN),
    { kind: 'model.asked', name: ASKED, body: asked },
    {
      kind: 'model.failed',
      name: ASKED,
      body: { n: 1, mode: 'refusal', e: { name: 'X', message: 'no' }, retried: 0 },
    },
  ])
  await sending.close()
  const { attributes, status } = receiver.span('chat m')
  const messages = JSON.parse(String(attributes['gen_ai.input.messages'])) as {
    parts: { content: string }[]
  }[]
  expect(String(attributes['gen_ai.input.messages']).length).toBeLessThanOrEqual(64 * 1024)
  expect(messages.at(-1)?.parts[0]?.content).toMatch(/^49 /)
  expect(messages.length + Number(attributes['throughline.content.omitted_messages'])).toBe(50)
  expect([attributes['error.type'], attributes['throughline.failure.mode'], status.code]).toEqual([
    'X',
    'refusal',
    2,
  ])
  await log.close()
  await receiver[Symbol.asyncDispose]()
})
