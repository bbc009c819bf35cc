/** What becomes of telemetry when processes end, receivers refuse, and several send. */
import { afterEach, expect, test, vi } from 'vitest'
import { Receiver } from '../../test/telemetry/receiver.ts'
import { begun, record } from '../../test/telemetry/recorded.ts'
import { openStore } from '../app/index.ts'
import type { Log } from '../log/index.ts'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { telemetryStream } from './events.ts'
import { telemetry, type Telemetry, type TelemetryOptions } from './index.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})

const store = (): Log => {
  const log = openStore('memory:')
  open.push(log)
  return log
}

async function sending(log: Log, receiver: Receiver, more: TelemetryOptions = {}): Promise<Telemetry> {
  const one = telemetry(
    { log },
    { endpoint: receiver.endpoint, everyMs: 10, logger: { warn: () => {} }, ...more },
  )
  await one.started
  return one
}

const step = (name: string) => ({ kind: 'step.completed', name, body: { v: 1, ms: 1 } })
const names = ({ spans }: Receiver): readonly string[] => spans.map(({ name }) => name)

test('a process that starts again goes on where the one before it stopped', async () => {
  await using receiver = await Receiver.listen()
  const log = store()
  const first = await sending(log, receiver)
  await record(log, 'run_a', [
    begun('run_a'),
    step('one'),
    { kind: 'step.attempted', name: 'two', body: { e: { name: 'E' }, n: 1, retryAt: 0 } },
  ])
  await first.close()
  await record(log, 'run_a', [step('two'), step('three')])
  const second = await sending(log, receiver)
  await second.close()
  const third = await sending(log, receiver)
  await third.close()
  expect(names(receiver)).toEqual(['step one', 'attempt', 'attempt', 'step two', 'step three'])
})

test('what was before anybody sent is left alone, unless it is asked for', async () => {
  await using receiver = await Receiver.listen()
  const log = store()
  await record(log, 'run_a', [begun('run_a'), step('before')])
  const now = await sending(log, receiver)
  await record(log, 'run_a', [step('after')])
  await now.close()
  expect(names(receiver)).toEqual(['step after'])
  const all = await sending(log, receiver, { name: 'archive', from: 'beginning' })
  await all.close()
  expect(names(receiver)).toEqual(['step after', 'step before', 'step after'])
})

test('a process that dies before it noted what it sent leaves it to the next, under the same ids', async () => {
  let isDead = false
  await using receiver = await Receiver.listen(() => {
    isDead = true
    return undefined
  })
  const log = store()
  const dying: Log = new Proxy(log, {
    get(target, key: keyof Log) {
      if (key === 'commit' && isDead) return () => Promise.reject(new Error('killed'))
      const value: unknown = target[key]
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const first = await sending(dying, receiver, { everyMs: 1 })
  await record(log, 'run_a', [begun('run_a'), step('one')])
  await first.close(500)
  const second = await sending(log, receiver, { lateMs: 1 })
  await second.close()
  const [one, again] = receiver.spans
  expect(names(receiver)).toEqual(['step one', 'step one'])
  expect(again).toEqual(one)
})

test('of several processes one sends, and another takes over when it is gone', async () => {
  await using receiver = await Receiver.listen()
  const log = store()
  const slow = { everyMs: 100 }
  const several = [
    await sending(log, receiver, slow),
    await sending(log, receiver, slow),
    await sending(log, receiver, slow),
  ]
  await record(log, 'run_a', [begun('run_a'), ...Array.from({ length: 60 }, (_, i) => step(`s${i}`))])
  await several[0]?.close()
  await record(
    log,
    'run_a',
    Array.from({ length: 60 }, (_, i) => step(`t${i}`)),
  )
  await several[1]?.close()
  await record(log, 'run_a', [step('last')])
  await several[2]?.close()
  expect(names(receiver).toSorted()).toEqual(
    [...Array.from({ length: 60 }, (_, i) => [`step s${i}`, `step t${i}`]).flat(), 'step last'].toSorted(),
  )
})

test('a receiver that is away for a while misses nothing, and is spoken of once', async () => {
  await using receiver = await Receiver.listen(() => ({
    status: 503,
    body: 'later, please',
    headers: { 'retry-after': '0' },
  }))
  const log = store()
  const warn = vi.fn<(message: string) => void>()
  const one = await sending(log, receiver, { logger: { warn } })
  await record(log, 'run_a', [begun('run_a'), step('one')])
  await one.flush(100)
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/answers 503: later, please\. It is sent when that is over/)],
  ])
  receiver.refuse = undefined
  await record(log, 'run_a', [step('two')])
  await one.close()
  expect(names(receiver)).toEqual(['step one', 'step two'])
})

test('what is refused is told, and takes nothing else with it', async () => {
  await using receiver = await Receiver.listen((path, spans) =>
    spans.some(({ name }) => name === 'step s13') ? { status: 400, body: 'no 13 here' } : undefined,
  )
  const log = store()
  const warn = vi.fn<(message: string) => void>()
  const one = await sending(log, receiver, { logger: { warn }, everyMs: 50 })
  await record(log, 'run_a', [begun('run_a'), ...Array.from({ length: 40 }, (_, i) => step(`s${i}`))])
  await one.close()
  expect(names(receiver).toSorted()).toEqual(
    Array.from({ length: 40 }, (_, i) => `step s${i}`)
      .filter((name) => name !== 'step s13')
      .toSorted(),
  )
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^Telemetry leaves out the span "step s13" of trace \w+: .* 400: no 13 here/)],
  ])
})

test('more than fits into one request goes into several', async () => {
  await using receiver = await Receiver.listen()
  const log = store()
  const one = await sending(log, receiver)
  const events = Array.from({ length: 1500 }, (_, i) => ({
    kind: 'step.completed',
    version: 1,
    name: `s${i}`,
    ordinal: 1,
    body: '{}',
  }))
  await record(log, 'run_a', [begun('run_a')])
  await log.commit({ appends: [{ stream: 'run_a', expected: 'any', events }] })
  await one.close()
  expect(new Set(names(receiver)).size).toBe(1500)
  expect(receiver.spans.length).toBe(1500)
})

test('nobody at the address: runs go on, and closing does not wait for ever', async () => {
  const greet = task({ name: 'greet', run: (ctx) => ctx.step('compose', () => 'Hello') })
  const bed = await testbed({ tasks: [greet] })
  const warn = vi.fn<(message: string) => void>()
  const one = telemetry(bed.tl, { endpoint: 'http://127.0.0.1:1', everyMs: 5, logger: { warn } })
  const run = await bed.start(greet, {})
  expect(await run.result()).toBe('Hello')
  const started = performance.now()
  await one.close(2000)
  expect(performance.now() - started).toBeLessThan(4500)
  expect(warn.mock.calls[0]?.[0]).toMatch(/does not answer/)
  await bed.close()
})

test('a logger that throws, and a store that was closed first, disturb nobody', async () => {
  await using receiver = await Receiver.listen(() => ({ status: 500 }))
  const log = openStore('memory:')
  const logger = {
    warn() {
      throw new Error('no room for words')
    },
  }
  const one = await sending(log, receiver, { logger })
  await record(log, 'run_a', [begun('run_a'), step('one')])
  await log.close()
  await expect(one.close(500)).resolves.toBeUndefined()
})

test('a position of another store is not gone on from', async () => {
  await using receiver = await Receiver.listen()
  const log = store()
  const body = { position: 1, hash: 'of-another-record' }
  await record(log, 'run_a', [begun('run_a'), step('before')])
  await record(log, telemetryStream('default'), [{ kind: 'telemetry.sent', body }])
  const one = await sending(log, receiver)
  await record(log, 'run_a', [step('after')])
  await one.close()
  expect(names(receiver)).toEqual(['step after'])
})

test('what a fork took over is not told again', async () => {
  const bed = await testbed({
    tasks: [
      task({
        name: 'two',
        async run(ctx) {
          await ctx.step('first', () => 1)
          await ctx.step('second', () => 2)
        },
      }),
    ],
  })
  await using receiver = await Receiver.listen()
  const one = telemetry(bed.tl, { endpoint: receiver.endpoint, everyMs: 10 })
  await one.started
  const run = await bed.start('two', {})
  await run.result()
  const fork = await run.fork({ at: 'first' })
  await fork.result()
  await bed.settle()
  await one.close()
  const [original, forked] = receiver.spans.filter(({ name }) => name === 'invoke_workflow two')
  expect(names(receiver).filter((name) => name === 'step first')).toHaveLength(1)
  expect(names(receiver).filter((name) => name === 'step second')).toHaveLength(2)
  expect(forked?.traceId).not.toBe(original?.traceId)
  expect(forked?.links).toEqual([{ traceId: original?.traceId, spanId: original?.spanId }])
  await bed.close()
})
