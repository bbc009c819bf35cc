/** What the record says, as a receiver has it: real runs, a real receiver. */
import { expect, test } from 'vitest'
import { Receiver } from '../../test/telemetry/receiver.ts'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { telemetry, type TelemetryOptions } from './index.ts'

const quiet = { warn: () => {} }
const sent = (bed: Awaited<ReturnType<typeof testbed>>, receiver: Receiver, more: TelemetryOptions = {}) =>
  telemetry(bed.tl, { endpoint: receiver.endpoint, everyMs: 20, logger: quiet, ...more })

const child = task({
  name: 'child',
  run: (ctx) => ctx.step('look', () => 'seen'),
})

const parent = task({
  name: 'parent',
  version: '3',
  async run(ctx) {
    await ctx.step('inspect:v17', () => 1)
    await ctx.wait('go')
    await ctx.decide({ subject: 'person:ada', choice: 'in', because: 'She asked' })
    await ctx.recall({ query: 'what about ada?' })
    await ctx.call(child, {})
    await ctx.spawn(child, {})
    return 'done'
  },
})

test('a run is one trace, whatever crashes on its way; what is called is in it, what is spawned is linked', async () => {
  await using receiver = await Receiver.listen()
  const bed = await testbed({ tasks: [parent, child] })
  let sending = sent(bed, receiver)
  const { id } = await bed.start(parent, {}, { scope: 'acme' })
  await bed.settle()
  await sending.flush()
  await bed.crash()
  sending = sent(bed, receiver)
  await (await bed.run(id)).signal('go')
  await (await bed.run(id)).result()
  await bed.settle()
  await sending.close()

  const root = receiver.span('invoke_workflow parent')
  const [called] = receiver.spans.filter(
    ({ name, parentSpanId }) => name === 'invoke_workflow child' && parentSpanId,
  )
  const [spawned] = receiver.spans.filter(
    ({ name, parentSpanId }) => name === 'invoke_workflow child' && !parentSpanId,
  )
  expect(root).toMatchObject({
    parentSpanId: undefined,
    attributes: {
      'gen_ai.operation.name': 'invoke_workflow',
      'gen_ai.workflow.name': 'parent',
      'throughline.run.id': id,
      'throughline.run.status': 'done',
      'throughline.task.version': '3',
    },
    events: ['throughline.run.claimed', 'throughline.run.claimed'],
  })
  for (const name of [
    'step inspect',
    'wait go',
    'create_memory',
    'search_memory',
    'call child',
    'spawn child',
  ])
    expect(receiver.span(name)).toMatchObject({
      traceId: root.traceId,
      parentSpanId: root.spanId,
      status: { code: 0 },
    })
  expect(called).toMatchObject({ traceId: root.traceId, parentSpanId: receiver.span('call child').spanId })
  const { spanId } = receiver.span('spawn child')
  expect(spawned?.traceId).not.toBe(root.traceId)
  expect(spawned?.links).toEqual([{ traceId: root.traceId, spanId }])
  expect(receiver.span('spawn child').links).toEqual([{ traceId: spawned?.traceId, spanId: spawned?.spanId }])
  expect(receiver.span('search_memory').attributes).toMatchObject({
    'gen_ai.memory.store.id': 'acme',
    'gen_ai.memory.record.count': 1,
  })
  // Nothing twice, though two processes sent; and nothing that was said.
  expect(new Set(receiver.spans.map((span) => span.spanId)).size).toBe(receiver.spans.length)
  expect(JSON.stringify(receiver.spans)).not.toMatch(/ada|asked/i)
  await bed.close()
})
