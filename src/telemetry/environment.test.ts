/** What `OTEL_…` says. */
import { describe, expect, test } from 'vitest'
import { asksForTelemetry, fromEnvironment } from './environment.ts'
import { telemetry } from './index.ts'
import { openStore } from '../app/index.ts'

test('an endpoint is the address of both signals, unless one has its own', () => {
  const of = (env: Record<string, string>) => {
    const { traces, metrics } = fromEnvironment(env)
    return [traces, metrics]
  }
  expect(of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' })).toEqual([
    'http://c:4318/v1/traces',
    'http://c:4318/v1/metrics',
  ])
  expect(of({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t/here' })).toEqual(['https://t/here', undefined])
  expect(of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_METRICS_EXPORTER: 'none' })).toEqual([
    'http://c/v1/traces',
    undefined,
  ])
  expect(of({})).toEqual([undefined, undefined])
  expect(fromEnvironment({ OTEL_METRICS_EXPORTER: 'none' }, 'http://own').metrics).toBe(
    'http://own/v1/metrics',
  )
})

test('headers and attributes are read as the specification says', () => {
  const given = fromEnvironment({
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-team = a=b',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=old',
    OTEL_SERVICE_NAME: 'reviews',
    OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
  })
  expect(given).toMatchObject({
    headers: { authorization: 'Bearer abc', 'x-team': 'a=b' },
    resource: { 'deployment.environment.name': 'test', 'service.name': 'reviews' },
    timeoutMs: 2500,
    isCompressed: true,
    hasContent: true,
  })
})

test('nothing is sent unless it is asked for', () => {
  expect(asksForTelemetry({})).toBe(false)
  expect(asksForTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' })).toBe(false)
  expect(asksForTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' })).toBe(true)
  expect(asksForTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'TRUE' })).toBe(false)
})

describe('what cannot work is told at once', () => {
  test.each<[string, Parameters<typeof telemetry>[1], RegExp]>([
    ['no address', {}, /Nobody says where telemetry goes/],
    [
      'no address of a receiver',
      { endpoint: 'localhost:4318' },
      /"localhost:4318\/v1\/traces" is no address/,
    ],
    ['both', { endpoint: 'http://c', exporter: { export: () => {} } }, /not both/],
    ['no exporter', { exporter: {} as never }, /no method "export"/],
    ['a name that is none', { endpoint: 'http://c', name: 'a/b' }, /letters, digits/],
    ['no time to gather', { endpoint: 'http://c', everyMs: 0 }, /everyMs/],
  ])('%s', async (_, options, message) => {
    const log = openStore('memory:')
    expect(() => telemetry({ log }, options)).toThrow(
      expect.objectContaining({ code: 'bad_telemetry', message: expect.stringMatching(message) }),
    )
    await log.close()
  })
  test('variables that cannot be read', () => {
    expect(() => fromEnvironment({ OTEL_EXPORTER_OTLP_HEADERS: 'nonsense' })).toThrow(
      /OTEL_EXPORTER_OTLP_HEADERS has to be/,
    )
  })
})
