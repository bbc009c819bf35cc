/** Exporters and meters that somebody brings along: OpenTelemetry's own. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { Receiver } from '../../test/telemetry/receiver.ts'
import { begun, conversation, record } from '../../test/telemetry/recorded.ts'
import { openStore } from '../app/index.ts'
import { telemetry, type TelemetryOptions } from './index.ts'

async function told(options: TelemetryOptions): Promise<void> {
  const log = openStore('memory:')
  const sending = telemetry({ log }, { everyMs: 10, ...options })
  await sending.started
  await record(log, 'run_a', [begun('run_a'), ...conversation, { kind: 'run.done', body: { v: 1 } }])
  await sending.close()
  await log.close()
}

test("OpenTelemetry's own exporter sends what our own request says", async () => {
  await using theirs = await Receiver.listen()
  await using ours = await Receiver.listen()
  const exporter = new OTLPTraceExporter({ url: `${theirs.endpoint}/v1/traces` })
  const log = openStore('memory:')
  const both = [
    telemetry(
      { log },
      {
        everyMs: 10,
        exporter,
        content: true,
        name: 'theirs',
      },
    ),
    telemetry({ log }, { everyMs: 10, endpoint: ours.endpoint, content: true, name: 'ours' }),
  ]
  for (const one of both) await one.started
  await record(log, 'run_a', [begun('run_a'), ...conversation, { kind: 'run.done', body: { v: 1 } }])
  for (const one of both) await one.close()
  await exporter.shutdown()
  await log.close()
  expect(ours.spans.length).toBeGreaterThan(5)
  expect(theirs.spans).toEqual(ours.spans)
})

test('an exporter in memory is given spans it can read', async () => {
  const exporter = new InMemorySpanExporter()
  await told({ exporter })
  const spans = exporter.getFinishedSpans()
  const root = spans.find(({ name }) => name === 'invoke_agent reviewer')
  const chat = spans.find(({ name }) => name === 'chat m-large')
  expect(chat?.parentSpanContext).toEqual(root?.spanContext())
  expect(chat?.ended).toBe(true)
  expect(chat?.resource.attributes['service.name']).toBe('throughline')
})

test('measurements are recorded with the meters that are given', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  await told({ meterProvider })
  await meterProvider.forceFlush()
  const metrics = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((one) => one.metrics))
  const found = metrics.find(({ descriptor }) => descriptor.name === 'gen_ai.client.operation.duration')
  expect(found?.descriptor.unit).toBe('s')
  expect(found?.dataPoints[0]?.value).toMatchObject({
    count: 2,
    buckets: { boundaries: expect.arrayContaining([81.92]) },
  })
  await meterProvider.shutdown()
})

test('an exporter that fails is asked again; one that throws too', async () => {
  const taken: string[] = []
  let failures = 0
  const exporter = {
    export(
      spans: readonly { readonly name: string }[],
      done: (result: { code: number; error?: Error }) => void,
    ) {
      failures++
      if (failures === 1) return done({ code: 1, error: new Error('not now') })
      if (failures === 2) throw new Error('not at all')
      taken.push(...spans.map(({ name }) => name))
      done({ code: 0 })
    },
  }
  const log = openStore('memory:')
  const sending = telemetry({ log }, { everyMs: 5, exporter, logger: { warn: () => {} } })
  await sending.started
  await record(log, 'run_a', [begun('run_a'), { kind: 'step.completed', name: 'one', body: {} }])
  while (taken.length === 0) await sending.flush(50)
  expect(taken).toEqual(['step one'])
  await sending.close()
  await log.close()
})
