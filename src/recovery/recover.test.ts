import { expect, test } from 'vitest'
import { task, type Recovery, type RecoverOptions, type RecoverTools } from '../task/index.ts'
import { testbed } from '../testing/index.ts'
import { acceptPartial, ask, compact, compensate, escalate, fallback, halt, repair, retry } from './ladder.ts'
import type { ModeKey } from './modes.ts'

class Known extends Error {
  readonly mode: ModeKey
  constructor(mode: ModeKey, message = 'seen') {
    super(message)
    this.mode = mode
  }
}
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
  const [question] = await bed.tl.log.select('questions', {})
  expect(question).toMatchObject({ to: 'ops', status: 'open' })
  await bed.tl.inbox.answer(String(question?.['question']), '4711', { by: 'ada' })
  await bed.settle()
  const run = await bed.run(id)
  expect(await run.result()).toBe('centre 4711')
  expect(await rungsOf(run)).toEqual(['met', 'rung ask', 'over ask'])
  await bed.close()
})
