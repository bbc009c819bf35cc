import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { task, type Recovery, type RecoverOptions, type RecoverTools } from '../task/index.ts'
import { testbed, type Testbed } from '../testing/index.ts'
import { acceptPartial, ask, compact, compensate, escalate, fallback, halt, repair, retry } from './ladder.ts'
import type { ModeKey } from './modes.ts'

const modeOf = (error: unknown) => /^(\w+):/.exec((error as Error).message)?.[1] as ModeKey | undefined

/** A task with these ways out, whose one step does as `fn` says. */
function failing(
  recovery: Recovery,
  fn: (tools: RecoverTools) => unknown,
  options: RecoverOptions<unknown> = {},
) {
  return task({ name: 'failing', recovery, run: (ctx) => ctx.recover('work', fn, { modeOf, ...options }) })
}

const rungsOf = async (run: { history(): AsyncIterable<{ kind: string; body?: string | undefined }> }) =>
  (await Array.fromAsync(run.history()))
    .filter(({ kind }) => kind.startsWith('recovery.'))
    .map(({ kind, body }) => {
      const { rung = '', by } = JSON.parse(body ?? '{}') as { rung?: string; by?: string }
      return `${kind.slice('recovery.'.length)} ${by ?? rung}`.trim()
    })

const asked = async (bed: Testbed) => (await bed.tl.inbox.list({ status: 'open' })).questions

test('retries after durable pauses, and goes on where it was after a crash between two', async () => {
  let tries = 0
  const flaky = failing(
    { toolFailure: retry({ attempts: 5, initial: '1h', max: '9h', jitter: false }) },
    () => {
      if (++tries < 4) throw new Error('toolFailure: not yet')
      return tries
    },
  )
  const bed = await testbed({ tasks: [flaky] })
  const { id } = await bed.start(flaky, {})
  await bed.settle()
  expect(tries).toBe(1)
  await bed.clock.advance('90m')
  expect(tries).toBe(2)
  await bed.crash()
  await bed.clock.advance('10m')
  expect(tries).toBe(2)
  await bed.clock.advance('1d')
  const run = await bed.run(id)
  expect(await run.result()).toBe(4)
  expect(await rungsOf(run)).toEqual(['met', 'rung retry', 'rung retry', 'rung retry', 'over retry'])
  await bed.close()
})

test('what is told is what was wrong, and within the tokens it may have', async () => {
  const told: (string | undefined)[] = []
  const clumsy = failing({ malformedOutput: repair({ attempts: 2, tokens: 120 }).then(halt()) }, (tools) => {
    told.push(tools.feedback)
    if (told.length < 3) throw new Error(`malformedOutput: ${'rows[3].amount is no number. '.repeat(500)}`)
    return 'clean'
  })
  const bed = await testbed({ tasks: [clumsy] })
  const run = await bed.start(clumsy, {})
  expect(await run.result()).toBe('clean')
  expect(told[0]).toBeUndefined()
  expect(told[1]).toMatch(/^The answer breaks its schema.*rows\[3\]/)
  expect(told[1]?.length).toBeLessThan(400)
  expect(await rungsOf(run)).toEqual(['met', 'rung repair', 'rung repair', 'over repair'])
  await bed.close()
})

test('falls back to another model by name, then to another task, and takes neither twice', async () => {
  const spare = task({ name: 'spare', run: (_ctx, input: { n: number }) => `spare ${input.n}` })
  const asked: unknown[] = []
  const weak = failing(
    { providerOutage: fallback('other/model').then(fallback(spare)) },
    ({ instead }) => {
      asked.push(instead)
      throw new Error('providerOutage: nobody there')
    },
    { inputFor: () => ({ n: 7 }) },
  )
  const bed = await testbed({ tasks: [weak, spare] })
  const run = await bed.start(weak, {})
  expect(await run.result()).toBe('spare 7')
  expect(asked).toEqual([undefined, 'other/model'])
  expect(await rungsOf(run)).toEqual(['met', 'rung fallback', 'rung fallback', 'over fallback'])
  await bed.close()
})

test('a person is asked, across a crash, and the answer goes on from there', async () => {
  const lost = failing(
    { missingInformation: ask('ops', { question: 'Which cost centre?', timeout: '3d' }) },
    () => {
      throw new Error('missingInformation: cost centre')
    },
    { answered: (answer) => `centre ${String(answer)}` },
  )
  const bed = await testbed({ tasks: [lost] })
  const { id } = await bed.start(lost, {})
  await bed.settle()
  await bed.crash()
  await bed.settle()
  const [question] = await asked(bed)
  expect(question).toMatchObject({ to: 'ops', question: 'Which cost centre?' })
  await bed.tl.inbox.answer(question?.id ?? '', '4711', { by: 'ada' })
  await bed.settle()
  const run = await bed.run(id)
  expect(await run.result()).toBe('centre 4711')
  expect(await rungsOf(run)).toEqual(['met', 'rung ask', 'over ask'])
  await bed.close()
})

test('nobody answers in time: the next rung is taken', async () => {
  const lost = failing({ missingInformation: ask(undefined, { timeout: '3d' }) }, () => {
    throw new Error('missingInformation: cost centre')
  })
  const bed = await testbed({ tasks: [lost] })
  const run = await bed.start(lost, {})
  await bed.clock.advance('4d')
  expect(await run.status()).toBe('halted')
  expect(await rungsOf(run)).toEqual(['met', 'rung ask', 'rung halt'])
  await bed.close()
})

test('what is mended elsewhere is asked for as such, and tried again then', async () => {
  let isDown = true
  const down = failing({ toolFailure: ask('ops') }, () => {
    if (isDown) throw new Error('toolFailure: 503')
    return 'up'
  })
  const bed = await testbed({ tasks: [down] })
  const run = await bed.start(down, {})
  await bed.settle()
  const [question] = await asked(bed)
  expect(question?.choices).toEqual(['It is mended: try again', 'It cannot be mended'])
  isDown = false
  await bed.tl.inbox.answer(question?.id ?? '', 'It is mended: try again', { by: 'ada' })
  await bed.settle()
  expect(await run.result()).toBe('up')
  await bed.close()
})

test('whoever a matter is laid before decides: undo, and the run fails with its compensations', async () => {
  const undone: unknown[] = []
  const order = task({
    name: 'order',
    recovery: { conflictingInstructions: escalate('lead') },
    async run(ctx) {
      await ctx.step('reserve', () => 'seat 4', { compensate: (seat) => undone.push(seat) })
      try {
        return await ctx.recover(
          'book',
          () => Promise.reject(new Error('conflictingInstructions: two dates')),
          {
            modeOf,
          },
        )
      } catch {
        return 'swallowed'
      }
    },
  })
  const bed = await testbed({ tasks: [order] })
  const run = await bed.start(order, {})
  await bed.settle()
  const [question] = await asked(bed)
  expect(question).toMatchObject({ to: 'lead' })
  expect(question?.choices).toContain('Stop the run')
  await bed.tl.inbox.answer(question?.id ?? '', 'Undo what the run did, and end it', { by: 'lead' })
  await bed.settle()
  await expect(run.result()).rejects.toMatchObject({
    code: 'run_failed',
    mode: 'conflicting_instructions',
    message: /conflicting_instructions/,
  })
  expect(undone).toEqual(['seat 4'])
  expect(await rungsOf(run)).toEqual(['met', 'rung escalate', 'rung compensate'])
  await bed.close()
})

test('compensate undoes without asking anybody, and says what failed', async () => {
  const undone: unknown[] = []
  const order = task({
    name: 'order',
    recovery: { unknownSideEffect: compensate() },
    async run(ctx) {
      await ctx.step('reserve', () => 'seat 4', { compensate: (seat) => undone.push(seat) })
      return ctx.recover('charge', () => Promise.reject(new Error('unknownSideEffect: timed out')), {
        modeOf,
      })
    },
  })
  const bed = await testbed({ tasks: [order] })
  const run = await bed.start(order, {})
  await expect(run.result()).rejects.toMatchObject({
    mode: 'unknown_side_effect',
    cause: { data: { mode: 'unknown_side_effect', operation: 'charge' } },
  })
  expect(undone).toEqual(['seat 4'])
  await bed.close()
})

test('a part is taken where the ladder says so, and only if it has its shape', async () => {
  const shape = z.object({ rows: z.array(z.number()).min(2) })
  let rows = [1]
  const long = failing(
    { noTermination: acceptPartial(shape).then(halt()) },
    () => {
      throw new Error('noTermination: 40 steps')
    },
    { partial: () => ({ rows }) },
  )
  const bed = await testbed({ tasks: [long] })
  const short = await bed.start(long, {})
  await bed.settle()
  expect(await short.status()).toBe('halted')
  rows = [1, 2]
  const run = await bed.start(long, {})
  expect(await run.result()).toEqual({ rows: [1, 2] })
  expect(await rungsOf(run)).toEqual(['met', 'rung accept_partial', 'over accept_partial'])
  await bed.close()
})

test('rungs that cannot be taken are passed over, and the record says why', async () => {
  const stuck = failing({ contextOverflow: compact().then(acceptPartial()).then(retry()) }, () => {
    throw new Error('contextOverflow: too long')
  })
  const bed = await testbed({ tasks: [stuck] })
  const run = await bed.start(stuck, {})
  await bed.settle()
  expect(await run.status()).toBe('halted')
  expect(await rungsOf(run)).toEqual([
    'met',
    'skipped compact',
    'skipped accept_partial',
    'skipped retry',
    'rung halt',
  ])
  await expect(run.result()).rejects.toMatchObject({
    code: 'run_halted',
    mode: 'context_overflow',
    message: /Nothing is left on its ladder/,
  })
  await bed.close()
})

test('what fails in another way goes the way of that, and comes back to where it was', async () => {
  const ways = [
    'toolFailure',
    'malformedOutput',
    'toolFailure',
    'malformedOutput',
    'toolFailure',
    'configuration',
  ]
  const odd = failing(
    {
      toolFailure: retry({ attempts: 5, jitter: false }),
      malformedOutput: repair({ attempts: 1 }).then(fallback('other')),
      configuration: halt(),
    },
    () => {
      throw new Error(`${ways.shift() ?? 'unclassified'}: so`)
    },
  )
  const bed = await testbed({ tasks: [odd] })
  const run = await bed.start(odd, {})
  await bed.clock.advance('1h')
  expect(await run.status()).toBe('halted')
  expect(await rungsOf(run)).toEqual([
    'met',
    'rung retry',
    'met',
    'rung repair',
    'rung retry',
    'rung fallback',
    'rung retry',
    'met',
    'rung halt',
  ])
  expect(await bed.tl.failures({ run: run.id })).toMatchObject({
    modes: [
      { mode: 'tool_failure', met: 1, unhandled: 0, ended: { halted: 1 } },
      { mode: 'malformed_output', met: 1, unhandled: 0, ended: { halted: 1 } },
      { mode: 'configuration', met: 1, unhandled: 0, ended: { halted: 1 } },
    ],
  })
  await bed.close()
})

test('a person who lifts the halt has it tried again, and its ladder walked anew', async () => {
  let tries = 0
  const down = failing({ providerOutage: retry({ attempts: 1, jitter: false }).then(halt()) }, () => {
    if (++tries < 5) throw new Error('providerOutage: 503')
    return tries
  })
  const bed = await testbed({ tasks: [down] })
  const { id } = await bed.start(down, {})
  await bed.clock.advance('1m')
  const run = await bed.run(id)
  expect([tries, await run.status()]).toEqual([2, 'halted'])
  await bed.crash()
  await bed.clock.advance('1m')
  expect(tries).toBe(2)
  await (await bed.run(id)).resume()
  await bed.clock.advance('1m')
  expect([tries, await (await bed.run(id)).status()]).toEqual([4, 'halted'])
  await bed.crash()
  await (await bed.run(id)).resume()
  await bed.settle()
  const last = await bed.run(id)
  expect(await last.result()).toBe(5)
  expect(await rungsOf(last)).toEqual([
    'met',
    'rung retry',
    'rung halt',
    'rung resume',
    'rung retry',
    'rung halt',
    'rung resume',
    'over resume',
  ])
  await bed.close()
})

test.each([
  [
    'a condition that throws',
    {
      on: () => {
        throw new Error('oops')
      },
    },
  ],
  ['a condition that promises', { on: (() => Promise.resolve(true)) as never }],
] as const)('%s halts: it lets nothing pass', async (_what, options) => {
  let tries = 0
  const odd = failing({ toolFailure: retry(options) }, () => {
    tries++
    throw new Error('toolFailure: 503')
  })
  const bed = await testbed({ tasks: [odd] })
  const run = await bed.start(odd, {})
  await bed.clock.advance('1h')
  expect(await run.status()).toBe('halted')
  expect(tries).toBe(1)
  await bed.close()
})

test('words for a repair that throw, and a schema that throws, halt', async () => {
  const angry: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => {
        throw new Error('schema broke')
      },
    },
  }
  const saying = {
    say: () => {
      throw new Error('no words')
    },
  }
  const bed = await testbed({
    tasks: [
      failing({ malformedOutput: repair(saying) }, () => Promise.reject(new Error('malformedOutput: x'))),
    ],
  })
  const run = await bed.tl.start('failing', {})
  await bed.settle()
  await expect(run.result()).rejects.toMatchObject({ message: /no words/ })
  const partly = failing(
    { noTermination: acceptPartial(angry).then(retry()) },
    () => Promise.reject(new Error('noTermination: x')),
    { partial: () => 1 },
  )
  await bed.crash({ tasks: [partly] })
  const other = await bed.start(partly, {})
  await bed.settle()
  await expect(other.result()).rejects.toMatchObject({ code: 'run_halted', message: /schema broke/ })
  await bed.close()
})

test('an author who says what is no mode, or throws, is passed over, and it is noted', async () => {
  const says = (modeOf: () => unknown) =>
    failing({}, () => Promise.reject(new TypeError('x is not a function')), { modeOf: modeOf as never })
  for (const modeOf of [
    () => 'bad luck',
    () => Promise.reject(new Error('late')),
    () => {
      throw new Error('oops')
    },
  ]) {
    const bed = await testbed({ tasks: [says(modeOf)] })
    const run = await bed.tl.start('failing', {})
    await bed.settle()
    expect(await run.status()).toBe('halted')
    const met = (await Array.fromAsync(run.history())).find(({ kind }) => kind === 'recovery.met')
    expect(JSON.parse(met?.body ?? '{}')).toMatchObject({
      mode: 'unclassified',
      isHandled: false,
      evidence: { name: 'TypeError', classifiers: [expect.any(String)] },
    })
    await bed.close()
  }
})

test('errors that speak for themselves need no author: they are classified, and go the way of their mode', async () => {
  let tries = 0
  const fetching = task({
    name: 'fetching',
    run: (ctx) =>
      ctx.recover('fetch', () => {
        if (++tries < 3) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
        return tries
      }),
  })
  const bed = await testbed({ tasks: [fetching] })
  const run = await bed.start(fetching, {})
  await bed.clock.advance('5m')
  expect(await run.result()).toBe(3)
  expect(await bed.tl.failures()).toMatchObject({
    modes: [{ task: 'fetching', mode: 'provider_outage', met: 1, unhandled: 1, ended: { recovered: 1 } }],
  })
  await bed.close()
})
