/**
 * From our events to the GenAI conventions of OpenTelemetry: the one table, with its version on every span.
 *
 * M1. The conventions are in development. When they change, this table changes, its version rises, and nothing else does.
 * M2. What the conventions have no name for is in our own namespace, `throughline.*`.
 * M3. What people or models wrote is content: it is told on request only (content.ts). Names that authors of tasks chose are not content; the
 *     subject of a decision, a question and the message of an error are.
 * M4. Names of spans and attributes of metrics are of few values: `inspect:v17` is `inspect`.
 */
import type { Attributes } from './span.ts'

/** Ours; rises with every change of a name or a meaning. */
export const MAPPING_VERSION = '1'
/** The conventions it was written by: `open-telemetry/semantic-conventions-genai`, which has no releases of its own yet. */
export const CONVENTIONS = 'gen-ai 2026-10'

/** An operation, as far as its mapping asks. */
export interface Operation {
  /** Its kind and, of what a feature keeps, the call: `step`, `model`, `keep.decide`. */
  readonly kind: string
  /** Its own name, without its branch. */
  readonly name: string
  readonly task: string
  readonly scope: string | undefined
  readonly thread: string | undefined
  /** Bodies of its events, by kind without what is before the dot; the last of each. */
  readonly said: Readonly<Record<string, Body>>
  /** Of a call of a model: what it was asked under, without its texts. */
  readonly settings: Body
}

export type Body = Readonly<Record<string, unknown>>

export interface Mapping {
  /** Events that begin it, and those that happen to it on its way. */
  readonly opens?: readonly string[]
  /** Events that end it, and whether that is an error. */
  readonly ends: Readonly<Record<string, 'done' | 'failed'>>
  /** A try that failed, while the operation goes on. */
  readonly attempted?: string
  /** `client` where the work is done by somebody else's service. */
  readonly spanKind?: 'client'
  readonly span: (operation: Operation) => string
  readonly attributes: (operation: Operation) => Attributes
}

/** Of few values. */
export const plain = (name: string): string => name.split(':', 1)[0]?.trim() || name

const own = (kind: string) => ({
  span: ({ name }: Operation) => `${kind} ${plain(name)}`,
  attributes: ({ name }: Operation) => ({
    'throughline.operation.kind': kind,
    'throughline.operation.name': name,
  }),
})

/** Of what a feature kept: its name may be what somebody asked or decided, so it is not told. */
const kept = (operation: string, more?: (said: Operation) => Attributes) => ({
  ends: { done: 'done', refused: 'failed' } as const,
  span: ({ task }: Operation) => (operation === 'plan' ? `plan ${task}` : operation),
  attributes: (said: Operation) => ({ 'gen_ai.operation.name': operation, ...more?.(said) }),
})

/** Its name may be the question; who is asked is not content. */
const question: Mapping = {
  ends: { done: 'done', refused: 'failed' },
  span: () => 'ask',
  attributes: ({ said }) => ({
    'throughline.operation.kind': 'question',
    'throughline.question.id': text(object(said['done']?.['v'])['question']),
    'throughline.question.to': text(object(said['done']?.['v'])['to']),
  }),
}

const inStore = ({ scope }: Operation): Attributes => ({
  'gen_ai.provider.name': 'throughline',
  'gen_ai.memory.store.id': scope ?? '',
})

const count = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined)
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined
const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
const texts = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined

export const OPERATIONS: Readonly<Record<string, Mapping>> = {
  step: {
    opens: ['intended', 'in_doubt', 'cleared', 'resolved'],
    attempted: 'attempted',
    ends: { completed: 'done', failed: 'failed' },
    ...own('step'),
  },
  sleep: { opens: ['started'], ends: { fired: 'done' }, ...own('sleep') },
  wait: {
    opens: ['opened', 'refused', 'returned'],
    ends: { answered: 'done', timed_out: 'failed' },
    ...own('wait'),
    // The answer to a question has the question's id in its name.
    span: ({ name }) => (name.startsWith('answer to ') ? 'wait answer' : `wait ${plain(name)}`),
  },
  call: {
    opens: ['started'],
    ends: { ended: 'done' },
    span: ({ name }) => `call ${plain(name)}`,
    attributes: ({ name, said }) => ({
      'throughline.operation.kind': 'call',
      'throughline.operation.name': name,
      'throughline.child.run.id': text(said['started']?.['run']),
      'throughline.child.status': text(said['ended']?.['status']),
    }),
  },
  spawn: {
    ends: { started: 'done', refused: 'failed' },
    span: ({ name }) => `spawn ${plain(name)}`,
    attributes: ({ name, said }) => ({
      'throughline.operation.kind': 'spawn',
      'throughline.operation.name': name,
      'throughline.child.run.id': text(said['started']?.['run']),
    }),
  },
  race: { ends: { settled: 'done' }, ...own('race') },
  model: {
    opens: ['asked', 'partial'],
    attempted: 'attempted',
    ends: { answered: 'done', failed: 'failed' },
    spanKind: 'client',
    span: (operation) => `${operationOf(operation)} ${requestModel(operation)}`,
    attributes: modelAttributes,
  },
  tool: {
    opens: ['called', 'in_doubt', 'cleared', 'resolved'],
    attempted: 'attempted',
    ends: { returned: 'done', failed: 'failed' },
    span: ({ name, said }) => `execute_tool ${toolName(name, said)}`,
    attributes: ({ name, said }) => ({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': toolName(name, said),
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': text(said['called']?.['call']),
      'throughline.effect': text(said['called']?.['effect']),
      // No tool ran: the model was told something in its place.
      'throughline.tool.instead': text(said['returned']?.['instead']),
    }),
  },
  'keep.decide': kept('create_memory', inStore),
  'keep.remember': kept('create_memory', inStore),
  'keep.recall': kept('search_memory', (said) => ({
    ...inStore(said),
    'gen_ai.memory.record.count': count(said.said['done']?.['v']),
  })),
  'keep.news': kept('search_memory', (said) => ({
    ...inStore(said),
    'gen_ai.memory.record.count': count(said.said['done']?.['v']),
  })),
  'keep.plan': kept('plan'),
  'keep.plan.done': kept('plan'),
  'keep.ask': question,
  'keep.approve': { ...question, span: () => 'approve' },
  'keep.checkpoint': { ends: { done: 'done', refused: 'failed' }, ...own('checkpoint') },
  'keep.handoff': { ends: { done: 'done', refused: 'failed' }, ...own('handoff') },
  keep: {
    ends: { done: 'done', refused: 'failed' },
    ...own('keep'),
    span: () => 'keep',
    attributes: () => ({ 'throughline.operation.kind': 'keep' }),
  },
}

/** What is noted of a run without being an operation: a moment, told at once. */
export const NOTES: Readonly<
  Record<
    string,
    {
      readonly span: string
      readonly isError?: true
      readonly attributes: (body: Readonly<Record<string, unknown>>) => Attributes
    }
  >
> = {
  'boundary.breached': {
    span: 'breach',
    isError: true,
    attributes: (body) => ({
      'throughline.breach.what': text(body['what']),
      'throughline.breach.limit': said(body['limit']),
      'throughline.breach.actual': said(body['actual']),
      'throughline.breach.action': text(body['action']),
    }),
  },
  'recovery.rung': {
    span: 'rung',
    attributes: (body) => ({
      'throughline.failure.mode': text(body['mode']),
      'throughline.rung.name': text(body['rung']),
      'throughline.rung.number': number(body['number']),
    }),
  },
  'recovery.met': {
    span: 'failure',
    isError: true,
    attributes: (body) => ({
      'throughline.failure.mode': text(body['mode']),
      'throughline.failure.handled': typeof body['isHandled'] === 'boolean' ? body['isHandled'] : undefined,
    }),
  },
  'recovery.over': {
    span: 'recovered',
    attributes: (body) => ({ 'throughline.rung.name': text(body['by']) }),
  },
  'context.compacted': {
    span: 'compaction',
    attributes: (body) => ({
      'throughline.compaction.strategy': text(body['strategy']),
      'throughline.compaction.before': number(body['before']),
      'throughline.compaction.after': number(body['after']),
      'throughline.compaction.dropped': count(body['dropped']),
    }),
  },
}

const said = (value: unknown): string | number | undefined => number(value) ?? text(value)

/** Of a run, or of a chapter of it. Who asks models itself is an agent; what only puts others to work is a workflow. */
export function runSpan(
  task: string,
  version: string,
  isAgent: boolean,
): { readonly name: string; readonly attributes: Attributes } {
  const operation = isAgent ? 'invoke_agent' : 'invoke_workflow'
  return {
    name: `${operation} ${task}`,
    attributes: isAgent
      ? { 'gen_ai.operation.name': operation, 'gen_ai.agent.name': task, 'gen_ai.agent.version': version }
      : { 'gen_ai.operation.name': operation, 'gen_ai.workflow.name': task },
  }
}

function modelAttributes(operation: Operation): Attributes {
  const { said: events, settings, thread } = operation
  const asked = events['asked'] ?? {}
  const answered = events['answered'] ?? {}
  const usage = object(answered['usage'])
  const isChat = asked['values'] === undefined
  const finish = isChat ? text(object(answered['finish'])['unified']) : undefined
  const firstMs = number(answered['firstMs'])
  return {
    'gen_ai.operation.name': operationOf(operation),
    'gen_ai.provider.name': providerName(
      text(answered['provider']) ?? providerIn(text(asked['model']) ?? ''),
    ),
    'gen_ai.conversation.id': thread,
    'gen_ai.output.type': object(settings['responseFormat'])['type'] === 'json' ? 'json' : undefined,
    'gen_ai.request.model': requestModel(operation),
    'gen_ai.request.stream': asked['isStreamed'] === 1 ? true : undefined,
    'gen_ai.request.max_tokens': number(settings['maxOutputTokens']),
    'gen_ai.request.temperature': number(settings['temperature']),
    'gen_ai.request.top_p': number(settings['topP']),
    'gen_ai.request.top_k': number(settings['topK']),
    'gen_ai.request.frequency_penalty': number(settings['frequencyPenalty']),
    'gen_ai.request.presence_penalty': number(settings['presencePenalty']),
    'gen_ai.request.seed': number(settings['seed']),
    'gen_ai.request.stop_sequences': texts(settings['stopSequences']),
    'gen_ai.request.reasoning.level': text(settings['reasoning']),
    'gen_ai.response.id': text(answered['id']),
    'gen_ai.response.model': text(answered['model']),
    'gen_ai.response.finish_reasons': finish === undefined ? undefined : [FINISH[finish] ?? finish],
    'gen_ai.response.time_to_first_chunk': firstMs === undefined ? undefined : firstMs / 1000,
    'gen_ai.usage.input_tokens': number(usage['input']),
    'gen_ai.usage.output_tokens': number(usage['output']),
    'gen_ai.usage.cache_read.input_tokens': number(usage['cacheRead']),
    'gen_ai.usage.cache_creation.input_tokens': number(usage['cacheWrite']),
    'gen_ai.usage.reasoning.output_tokens': number(usage['reasoning']),
    'throughline.cost_usd': number(answered['costUsd']),
    'throughline.prices': text(answered['prices']),
    'throughline.attempts': number(answered['n']) ?? number(events['failed']?.['n']),
  }
}

/** The AI SDK's words for why a model stopped, in those of the conventions. */
export const FINISH: Readonly<Record<string, string>> = {
  'content-filter': 'content_filter',
  'tool-calls': 'tool_call',
}

const PROVIDERS: Readonly<Record<string, string>> = {
  'amazon-bedrock': 'aws.bedrock',
  azure: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  google: 'gcp.gemini',
  'google-vertex': 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  moonshotai: 'moonshot_ai',
  vertex: 'gcp.vertex_ai',
  xai: 'x_ai',
}

/** `openai` of the AI SDK's `openai.chat`, by the conventions' own names. */
export function providerName(provider: string | undefined): string | undefined {
  if (provider === undefined) return undefined
  if (provider.startsWith('google.vertex')) return 'gcp.vertex_ai'
  const named = provider.split('.', 1)[0] ?? provider
  return PROVIDERS[named] ?? named
}

function operationOf({ said: events }: Operation): string {
  return events['asked']?.['values'] !== undefined ? 'embeddings' : 'chat'
}

/** `lab.chat/m-large` is the model `m-large` of `lab`; `openai/gpt-5.2` is what somebody asked for, as it stands. */
function requestModel({ said: events }: Operation): string {
  const model = text(events['asked']?.['model']) ?? 'unknown'
  const provider = providerIn(model)
  return provider === undefined ? model : model.slice(provider.length + 1)
}

function providerIn(model: string): string | undefined {
  const [first = '', ...rest] = model.split('/')
  return rest.length > 0 && first.includes('.') ? first : undefined
}

const toolName = (name: string, events: Operation['said']): string =>
  text(events['called']?.['tool']) ?? name.split(' ', 1)[0] ?? name

/** Metrics: the conventions' as released, their successors, and ours. */
export const METRICS = {
  'gen_ai.client.operation.duration': {
    unit: 's',
    bounds: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    description: 'How long a call of a model took, with all its attempts.',
  },
  'gen_ai.client.token.usage': {
    unit: '{token}',
    bounds: [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    description: 'Tokens of a call of a model.',
  },
  'gen_ai.client.operation.time_to_first_chunk': {
    unit: 's',
    bounds: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    description: 'How long the first part of an answer took.',
  },
  'gen_ai.client.inference.usage.input_tokens': {
    unit: '{token}',
    description: 'Tokens that went into models.',
  },
  'gen_ai.client.inference.usage.output_tokens': {
    unit: '{token}',
    description: 'Tokens that models answered with.',
  },
  'gen_ai.execute_tool.duration': {
    unit: 's',
    bounds: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    description: 'How long a call of a tool took, with all its attempts.',
  },
  'gen_ai.invoke_agent.duration': {
    unit: 's',
    bounds: [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200],
    description: 'From the start of a run that asks models to its end, what it waited for included.',
  },
  'gen_ai.invoke_workflow.duration': {
    unit: 's',
    bounds: [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200],
    description: 'From the start of a run to its end, what it waited for included.',
  },
  'throughline.runs': { unit: '{run}', description: 'Runs that ended or halted.' },
  'throughline.cost': { unit: 'USD', description: 'What calls of models cost, as far as that is known.' },
  'throughline.breaches': { unit: '{breach}', description: 'Limits of a boundary that were reached.' },
  'throughline.rungs': { unit: '{rung}', description: 'Rungs of recovery ladders that were taken.' },
  'throughline.failures': { unit: '{failure}', description: 'Failures that were met, by mode.' },
} as const satisfies Record<string, { unit: string; description: string; bounds?: readonly number[] }>

export type MetricName = keyof typeof METRICS
