/** The table holds: its kinds are kinds of ours, its names those of the conventions. */
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { events } from '../run/index.ts'
import { errorType } from './error-type.ts'
import { METRICS, OPERATIONS, plain, providerName } from './mapping.ts'

const released: ReadonlySet<unknown> = new Set(Object.values(conventions))
const text =
  readFileSync(new URL('mapping.ts', import.meta.url), 'utf8') +
  readFileSync(new URL('content.ts', import.meta.url), 'utf8')

/** In the conventions' own repository, and not in a release of their constants yet. */
const YOUNGER = [
  'gen_ai.client.inference.usage.input_tokens',
  'gen_ai.client.inference.usage.output_tokens',
  'gen_ai.execute_tool.duration',
  'gen_ai.invoke_agent.duration',
  'gen_ai.invoke_workflow.duration',
  'gen_ai.memory.query.text',
  'gen_ai.memory.record.count',
  'gen_ai.memory.store.id',
  'gen_ai.request.reasoning.level',
]

test('every name of the conventions that is used is one', () => {
  const used = new Set([...text.matchAll(/'(gen_ai\.[a-z_.]+)'/g)].map(([, name]) => name ?? ''))
  expect(used.size).toBeGreaterThan(30)
  expect([...used].filter((name) => !released.has(name)).toSorted()).toEqual(YOUNGER)
})

test('every kind of event of an operation of a run is in the table', () => {
  const kinds = Object.values(events).flatMap((one) =>
    typeof one === 'object' && 'name' in one ? [one.name] : [],
  )
  const operations = kinds.filter((kind) => /^(?:step|sleep|wait|call|spawn|race|keep)\./.test(kind))
  expect(operations.length).toBeGreaterThan(15)
  for (const kind of operations) {
    const [operation = '', what = ''] = kind.split('.')
    const mapping = OPERATIONS[operation]
    const known = [...Object.keys(mapping?.ends ?? {}), ...(mapping?.opens ?? []), mapping?.attempted]
    expect(known, kind).toContain(what)
  }
})

test('metrics of the conventions have their units and bounds', () => {
  expect(METRICS['gen_ai.client.token.usage']).toMatchObject({ unit: '{token}' })
  expect(METRICS['gen_ai.client.operation.duration']).toMatchObject({ unit: 's' })
  for (const [name, metric] of Object.entries(METRICS))
    if ('bounds' in metric)
      expect(
        metric.bounds.toSorted((a, b) => a - b),
        name,
      ).toEqual(metric.bounds)
})

describe('names of few values', () => {
  test.each([
    ['inspect:v17', 'inspect'],
    ['inspect', 'inspect'],
    [':odd', ':odd'],
  ])('%s is %s', (name, expected) => expect(plain(name)).toBe(expected))

  test.each([
    ['openai.responses', 'openai'],
    ['google.vertex.chat', 'gcp.vertex_ai'],
    ['amazon-bedrock', 'aws.bedrock'],
    ['lab', 'lab'],
  ])('the provider %s is %s', (name, expected) => expect(providerName(name)).toBe(expected))

  test.each<[unknown, string]>([
    [{ name: 'AI_APICallError', status: 529 }, '529'],
    [{ code: 'insufficient_quota', status: 429 }, 'insufficient_quota'],
    [new TypeError('about Ada'), 'TypeError'],
    [new Error('about Ada'), '_OTHER'],
    [{ name: 'a whole sentence about Ada' }, '_OTHER'],
    ['thrown text', '_OTHER'],
    [undefined, '_OTHER'],
  ])('an error %j is told as %s', (error, expected) => expect(errorType(error)).toBe(expected))
})
