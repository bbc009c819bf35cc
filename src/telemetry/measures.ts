/** What is measured of what has ended: values and attributes of few values each. */
import type { MetricName, Operation } from './mapping.ts'
import { given, type AttributeValue, type Measurement, type SpanData } from './span.ts'

type Values = Readonly<Record<string, AttributeValue | undefined>>

const measure = (
  metric: MetricName,
  value: AttributeValue | undefined,
  attributes: Values,
): readonly Measurement[] =>
  typeof value === 'number' ? [{ metric, value, attributes: given(attributes) }] : []

const seconds = ({ startMs, endMs }: SpanData): number => (endMs - startMs) / 1000

export function measured(kind: string, operation: Operation, span: SpanData): readonly Measurement[] {
  const { attributes: said } = span
  if (kind === 'tool')
    return measure('gen_ai.execute_tool.duration', seconds(span), {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': said['gen_ai.tool.name'],
      'error.type': said['error.type'],
      'throughline.task.name': operation.task,
    })
  if (kind !== 'model') return []
  const about: Values = {
    'gen_ai.operation.name': said['gen_ai.operation.name'],
    'gen_ai.provider.name': said['gen_ai.provider.name'],
    'gen_ai.request.model': said['gen_ai.request.model'],
    'gen_ai.response.model': said['gen_ai.response.model'],
    'throughline.task.name': operation.task,
  }
  const input = said['gen_ai.usage.input_tokens']
  const output = said['gen_ai.usage.output_tokens']
  return [
    ...measure('gen_ai.client.operation.duration', seconds(span), {
      ...about,
      'error.type': said['error.type'],
    }),
    ...measure(
      'gen_ai.client.operation.time_to_first_chunk',
      said['gen_ai.response.time_to_first_chunk'],
      about,
    ),
    ...measure('gen_ai.client.token.usage', input, { ...about, 'gen_ai.token.type': 'input' }),
    ...measure('gen_ai.client.token.usage', output, { ...about, 'gen_ai.token.type': 'output' }),
    ...measure('gen_ai.client.inference.usage.input_tokens', input, about),
    ...measure('gen_ai.client.inference.usage.output_tokens', output, about),
    ...measure('throughline.cost', said['throughline.cost_usd'], about),
  ]
}

export function measuredRun(span: SpanData, task: string): readonly Measurement[] {
  const { attributes: said } = span
  const isAgent = said['gen_ai.operation.name'] === 'invoke_agent'
  const about: Values = isAgent
    ? { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': task }
    : { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': task }
  const error = { 'error.type': said['error.type'] }
  const metric = isAgent ? 'gen_ai.invoke_agent.duration' : 'gen_ai.invoke_workflow.duration'
  return [
    ...measure(metric, seconds(span), { ...about, ...error }),
    ...measure('throughline.runs', 1, {
      'throughline.task.name': task,
      'throughline.run.status': said['throughline.run.status'],
      ...error,
    }),
  ]
}

export function measuredNote(
  kind: string,
  task: string,
  body: Readonly<Record<string, unknown>>,
): readonly Measurement[] {
  const text = (key: string): string | undefined => (typeof body[key] === 'string' ? body[key] : undefined)
  const about = { 'throughline.task.name': task }
  const mode = { 'throughline.failure.mode': text('mode') }
  switch (kind) {
    case 'run.halted':
      return measure('throughline.runs', 1, {
        ...about,
        'throughline.run.status': 'halted',
        'error.type': text('mode'),
      })
    case 'boundary.breached':
      return measure('throughline.breaches', 1, {
        ...about,
        'throughline.breach.what': text('what'),
        'throughline.breach.action': text('action'),
      })
    case 'recovery.rung':
      return measure('throughline.rungs', 1, { ...about, ...mode, 'throughline.rung.name': text('rung') })
    case 'recovery.met':
      return measure('throughline.failures', 1, { ...about, ...mode })
    default:
      return []
  }
}
