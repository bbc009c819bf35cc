/** Runs put on a record event by event, as their rooms write them: what calls of models look like, without a model. */
import { encode, type Log } from '../../src/log/index.ts'

export interface Told {
  readonly kind: string
  readonly body?: unknown
  /** Of an operation, with its ordinal behind `#`; 1 unless told. */
  readonly name?: string
}

/** Records a run's stream up to here; called again, it goes on. */
export async function record(log: Log, stream: string, told: readonly Told[]): Promise<void> {
  for (const { kind, body, name } of told) {
    const [path, ordinal] = name?.split(/#(?=\d+$)/) ?? []
    const event = {
      kind,
      version: 1,
      ...(path === undefined ? {} : { name: path, ordinal: Number(ordinal ?? 1) }),
      ...(body === undefined ? {} : { body: encode(body) }),
    }
    await log.commit({ appends: [{ stream, expected: 'any', events: [event] }] })
  }
}

export const begun = (run: string, more: Readonly<Record<string, unknown>> = {}): Told => ({
  kind: 'run.started',
  body: { run, task: 'reviewer', version: '1', input: null, seed: 's', chapter: 1, ...more },
})

export const QUESTION = 'Which vendor is it? '.repeat(30)
export const ASKED = '4f1c.9a2b openai.chat/m-large'
const weather = { city: 'Paris' }

/** A call of a model that was tried twice, the tool it asked for, and the answer after that. */
export const conversation: readonly Told[] = [
  {
    kind: 'model.settings',
    body: {
      digest: 'set1',
      packed: {
        model: 'm-large',
        maxOutputTokens: 1000,
        temperature: 0.2,
        stopSequences: ['END'],
        responseFormat: { type: 'json', schema: { secret: 'schema' } },
        system: [{ role: 'system', content: 'You review vendors.' }],
        tools: [{ type: 'function', name: 'weather' }],
      },
    },
  },
  {
    kind: 'model.asked',
    name: ASKED,
    body: {
      model: 'openai.chat/m-large',
      n: 1,
      conversation: 'c1',
      said: [
        [
          'c1',
          {
            role: 'user',
            content: [
              { type: 'text', text: { '~': 'long' } },
              { type: 'file', mediaType: 'image/png', data: { '~b': 'bytes' } },
            ],
          },
        ],
      ],
      settings: 'set1',
      texts: { long: QUESTION, bytes: 'AAAA' },
      isStreamed: 1,
      reserve: { tokens: 3000, costUsd: 0.1 },
    },
  },
  {
    kind: 'model.attempted',
    name: ASKED,
    body: {
      n: 1,
      mode: 'provider_outage',
      evidence: { name: 'APICallError' },
      e: { name: 'AI_APICallError', message: 'secret words of the provider', status: 529 },
    },
  },
  {
    kind: 'model.asked',
    name: ASKED,
    body: { model: 'openai.chat/m-large', n: 2, conversation: 'c1', settings: 'set1', isStreamed: 1 },
  },
  {
    kind: 'model.answered',
    name: ASKED,
    body: {
      provider: 'openai.chat',
      model: 'm-large-2026',
      id: 'chatcmpl-1',
      at: 1,
      content: [
        { type: 'reasoning', text: 'Let me look.' },
        { type: 'text', text: 'I will look.' },
        { type: 'tool-call', toolCallId: 'call_0', toolName: 'weather', input: '{"city":"Paris"}' },
      ],
      finish: { unified: 'tool-calls', raw: 'tool_calls' },
      usage: { input: 1200, output: 80, cacheRead: 1000, reasoning: 20 },
      costUsd: 0.0123,
      prices: 'genai-prices 0.1.8 openai/m-large',
      ms: 900,
      firstMs: 120,
      n: 2,
    },
  },
  {
    kind: 'tool.called',
    name: 'weather call_0',
    body: {
      tool: 'weather',
      call: 'call_0',
      args: { '~j': 'args' },
      texts: { args: JSON.stringify(weather) },
      n: 1,
    },
  },
  { kind: 'step.completed', name: 'weather call_0#1 › fetch:paris', body: { v: 1, ms: 5 } },
  { kind: 'tool.returned', name: 'weather call_0', body: { v: { sky: 'rainy' }, ms: 7, n: 1 } },
  {
    kind: 'model.asked',
    name: '77aa.9a2b openai.chat/m-large',
    body: {
      model: 'openai.chat/m-large',
      n: 1,
      conversation: 'c3',
      after: 'c1',
      said: [
        [
          'c2',
          {
            role: 'assistant',
            content: [{ type: 'tool-call', toolCallId: 'call_0', toolName: 'weather', input: weather }],
          },
        ],
        [
          'c3',
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                toolCallId: 'call_0',
                toolName: 'weather',
                output: { type: 'json', value: { sky: 'rainy' } },
              },
            ],
          },
        ],
      ],
      settings: 'set1',
    },
  },
  {
    kind: 'model.answered',
    name: '77aa.9a2b openai.chat/m-large',
    body: {
      provider: 'openai.chat',
      model: 'm-large-2026',
      id: 'chatcmpl-2',
      at: 2,
      content: [{ type: 'text', text: 'It rains in Paris.' }],
      finish: { unified: 'stop', raw: 'stop' },
      usage: { input: 1300, output: 9 },
      ms: 400,
      n: 1,
    },
  },
]

export const embedded: readonly Told[] = [
  {
    kind: 'model.asked',
    name: '11ee lab.embedding/e',
    body: { model: 'lab.embedding/e', n: 1, conversation: '11ee', settings: '', values: ['secret'] },
  },
  {
    kind: 'model.answered',
    name: '11ee lab.embedding/e',
    body: {
      provider: 'lab.embedding',
      model: 'e-2026',
      id: 'emb_1',
      at: 1,
      content: [],
      vectors: ['AAAA'],
      finish: { unified: 'stop' },
      usage: { input: 3, output: 0 },
      ms: 4,
      n: 1,
    },
  },
]

export const trouble: readonly Told[] = [
  {
    kind: 'boundary.breached',
    body: { what: 'costUsd', limit: 1, actual: 1.2, by: 'reviewer', operation: 'x', action: 'halt' },
  },
  {
    kind: 'recovery.met',
    body: {
      failure: 'f',
      task: 'reviewer',
      mode: 'boundary_breach',
      operation: 'x',
      evidence: { name: 'e', message: 'secret' },
      isHandled: true,
    },
  },
  {
    kind: 'recovery.rung',
    body: {
      mode: 'boundary_breach',
      operation: 'x',
      rung: 'halt',
      number: 1,
      because: 'secret',
      failures: [],
    },
  },
  { kind: 'run.halted', body: { mode: 'boundary_breach', e: new Error('secret') } },
]
