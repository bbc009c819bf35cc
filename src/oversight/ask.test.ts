import { expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../task/index.ts'
import { replay } from '../testing/replay.ts'
import { testbed, type Testbed } from '../testing/testbed.ts'
import { QuestionExpired } from './errors.ts'
import { Inbox } from './inbox.ts'

const buying = task({
  name: 'buying',
  async run(ctx) {
    const item = await ctx.step('choose', () => 'desk')
    const centre = await ctx.ask('Which cost centre?', {
      schema: z.string().regex(/^\d{4}$/),
      to: 'finance',
      about: { item },
    })
    return `${item} on ${centre}`
  },
})

const onlyOf = async (bed: Testbed) => {
  const { questions } = await bed.tl.inbox.list()
  expect(questions).toHaveLength(1)
  const [question] = questions
  if (!question) throw new Error('nothing is asked')
  return question
}

test('a run rests until a person has answered, weeks and crashes later', async () => {
  const bed = await testbed({ tasks: [buying] })
  const run = await bed.start(buying, {})
  await bed.settle()
  expect(await run.status()).toBe('waiting')
  expect(await onlyOf(bed)).toMatchObject({
    kind: 'question',
    status: 'open',
    question: 'Which cost centre?',
    to: 'finance',
    run: run.id,
    task: 'buying',
    about: { item: 'desk' },
    schema: { type: 'string' },
    dueAt: undefined,
    answer: undefined,
  })
  await bed.clock.advance('21d')
  await bed.crash()
  await bed.settle()
  const { id } = await onlyOf(bed)
  const answered = await bed.tl.inbox.answer(id, '4711', { by: 'ada', reason: 'It is theirs' })
  expect(answered).toMatchObject({
    status: 'answered',
    answer: { value: '4711', by: 'ada', reason: 'It is theirs' },
  })
  await bed.settle()
  const again = await bed.run(run.id)
  expect(await again.result()).toBe('desk on 4711')
  expect((await bed.tl.inbox.list()).questions).toEqual([])
  const verdict = await replay(again.history(), buying)
  expect(verdict).toMatchObject({ ok: true, unclaimed: [], gained: [] })
  await bed.close()
})

test('a crash between the answer and the run that takes it loses nothing', async () => {
  const bed = await testbed({ tasks: [buying] })
  const run = await bed.start(buying, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  const answering = bed.tl.inbox.answer(id, '4711', { by: 'ada' })
  await answering
  await bed.crash()
  await bed.settle()
  expect(await (await bed.run(run.id)).result()).toBe('desk on 4711')
  await bed.close()
})

test('a crash between the question and the wait asks once', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const bed = await testbed({ tasks: [buying] })
    const run = await bed.start(buying, {})
    for (let i = 0; i < turns; i++) await new Promise(setImmediate)
    await bed.crash()
    await bed.settle()
    const { id } = await onlyOf(bed)
    expect((await bed.tl.inbox.list({ run: run.id })).questions).toHaveLength(1)
    await bed.tl.inbox.answer(id, '4711', { by: 'ada' })
    await bed.settle()
    expect(await (await bed.run(run.id)).result()).toBe('desk on 4711')
    await bed.close()
  }
})

test('whoever answers with a wrong value is told what is wrong, and nothing changes', async () => {
  const bed = await testbed({ tasks: [buying] })
  const run = await bed.start(buying, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  const before = await bed.tl.log.position()
  const wrong: readonly (readonly [unknown, object, string])[] = [
    [4711, { by: 'ada' }, 'invalid_payload'],
    ['12', { by: 'ada' }, 'invalid_payload'],
    [undefined, { by: 'ada' }, 'bad_answer'],
    ['4711', {}, 'bad_answer'],
    ['4711', { by: ' ' }, 'bad_answer'],
    ['4711', { by: 'ada\u001b[2J' }, 'bad_answer'],
    ['4711', { by: 'ada', reason: '' }, 'bad_answer'],
    [() => '4711', { by: 'ada' }, 'not_serializable'],
  ]
  for (const [value, options, code] of wrong)
    await expect(bed.tl.inbox.answer(id, value, options as { by: string })).rejects.toMatchObject({ code })
  await expect(bed.tl.inbox.answer('q_none', '4711', { by: 'ada' })).rejects.toMatchObject({
    code: 'question_not_found',
  })
  await expect(run.signal(`answer to ${id}`, { value: '4711', by: 'mallory' })).rejects.toMatchObject({
    code: 'bad_request',
  })
  expect(await bed.tl.log.position()).toBe(before)
  await bed.close()
})

test('of two who answer at once one counts, and the other is told who was first', async () => {
  const bed = await testbed({ tasks: [buying] })
  const run = await bed.start(buying, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  const both = await Promise.allSettled([
    bed.tl.inbox.answer(id, '1111', { by: 'ada' }),
    bed.tl.inbox.answer(id, '2222', { by: 'bo' }),
  ])
  const failed = both.filter((one) => one.status === 'rejected')
  expect(failed).toHaveLength(1)
  const { answer } = await bed.tl.inbox.get(id)
  expect(failed[0]?.reason).toMatchObject({ code: 'question_answered', data: { by: answer?.by } })
  await bed.settle()
  expect(await run.result()).toBe(`desk on ${String(answer?.value)}`)
  await bed.close()
})

test('the same answer from the same person is recorded once', async () => {
  const bed = await testbed({ tasks: [buying] })
  await bed.start(buying, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  await bed.tl.inbox.answer(id, '4711', { by: 'ada' })
  await bed.settle()
  const before = await bed.tl.log.position()
  expect(await bed.tl.inbox.answer(id, '4711', { by: 'ada' })).toMatchObject({ answer: { by: 'ada' } })
  expect(await bed.tl.log.position()).toBe(before)
  await expect(bed.tl.inbox.answer(id, '4712', { by: 'ada' })).rejects.toMatchObject({
    code: 'question_answered',
  })
  await expect(bed.tl.inbox.answer(id, '4711', { by: 'bo' })).rejects.toMatchObject({
    code: 'question_answered',
    data: { by: 'ada' },
  })
  await bed.close()
})

test('what only the code can refuse opens the question again, with what was wrong', async () => {
  const even = task({
    name: 'even',
    run: (ctx) => ctx.ask('Which number?', { schema: z.number().refine((n) => n % 2 === 0, 'must be even') }),
  })
  const bed = await testbed({ tasks: [even] })
  const run = await bed.start(even, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  await bed.tl.inbox.answer(id, 3, { by: 'ada' })
  await bed.settle()
  expect(await onlyOf(bed)).toMatchObject({ status: 'open', answer: undefined })
  expect((await onlyOf(bed)).refused).toContain('must be even')
  await bed.tl.inbox.answer(id, 4, { by: 'bo' })
  await bed.settle()
  expect(await run.result()).toBe(4)
  expect(await bed.tl.inbox.get(id)).toMatchObject({ refused: undefined, answer: { by: 'bo' } })
  await bed.close()
})

const hurried = task({
  name: 'hurried',
  async run(ctx) {
    try {
      return await ctx.ask('Is it urgent?', { choices: ['yes', 'no'], timeout: '2d', to: 'ops' })
    } catch (error) {
      if (!(error instanceof QuestionExpired)) throw error
      return error.code
    }
  },
})

test('nobody answers in time: the body is told, the question is over, and a late answer says why', async () => {
  const bed = await testbed({ tasks: [hurried] })
  const run = await bed.start(hurried, {})
  await bed.settle()
  const { id, dueAt } = await onlyOf(bed)
  expect(dueAt?.getTime()).toBe(bed.clock.now() + 2 * 86_400_000)
  await bed.clock.advance('2d')
  await bed.settle()
  expect(await run.result()).toBe('question_expired')
  expect((await bed.tl.inbox.list()).questions).toEqual([])
  expect((await bed.tl.inbox.list({ status: 'expired' })).questions).toHaveLength(1)
  await expect(bed.tl.inbox.answer(id, 'yes', { by: 'ada' })).rejects.toMatchObject({
    code: 'question_closed',
    data: { because: 'its time is over' },
  })
  const verdict = await replay(run.history(), hurried)
  expect(verdict).toMatchObject({ ok: true, unclaimed: [], gained: [] })
  await bed.close()
})

test('what was due while no process ran cannot be answered before one comes', async () => {
  const bed = await testbed({ tasks: [hurried] })
  const run = await bed.start(hurried, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  await bed.crash({ tasks: [] })
  await bed.clock.advance('3d')
  expect((await bed.tl.inbox.list()).questions).toEqual([])
  await expect(bed.tl.inbox.answer(id, 'yes', { by: 'ada' })).rejects.toMatchObject({
    code: 'question_closed',
  })
  await bed.crash({ tasks: [hurried] })
  await bed.settle()
  expect(await (await bed.run(run.id)).result()).toBe('question_expired')
  await bed.close()
})

test('an answer in time counts though the run only wakes after it was due', async () => {
  const bed = await testbed({ tasks: [hurried] })
  const run = await bed.start(hurried, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  await bed.crash({ tasks: [] })
  await bed.clock.advance('1d')
  await bed.tl.inbox.answer(id, 'no', { by: 'ada' })
  await bed.clock.advance('3d')
  await bed.crash({ tasks: [hurried] })
  await bed.settle()
  expect(await (await bed.run(run.id)).result()).toBe('no')
  await bed.close()
})

test('the questions of a run that ended are closed, and say so', async () => {
  const bed = await testbed({ tasks: [buying] })
  const run = await bed.start(buying, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  await run.cancel('not needed')
  await bed.settle()
  expect(await run.status()).toBe('cancelled')
  expect((await bed.tl.inbox.list()).questions).toEqual([])
  expect(await bed.tl.inbox.get(id)).toMatchObject({ status: 'closed' })
  await expect(bed.tl.inbox.answer(id, '4711', { by: 'ada' })).rejects.toMatchObject({
    code: 'question_closed',
    data: { because: 'its run is over (cancelled)' },
  })
  await bed.close()
})

test('a question that lost a race is not asked any more', async () => {
  const impatient = task({
    name: 'impatient',
    async run(ctx) {
      const { winner } = await ctx.race({
        answer: (branch) => branch.ask('Shall we wait?'),
        clock: (branch) => branch.sleep('an hour', '1h'),
      })
      await ctx.wait('go on')
      return winner
    },
  })
  const bed = await testbed({ tasks: [impatient] })
  const run = await bed.start(impatient, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  await bed.clock.advance('1h')
  await bed.settle()
  expect((await bed.tl.inbox.list()).questions).toEqual([])
  expect((await bed.tl.inbox.list({ status: 'closed' })).questions).toMatchObject([{ id, status: 'closed' }])
  await expect(bed.tl.inbox.answer(id, true, { by: 'ada' })).rejects.toMatchObject({
    code: 'question_closed',
    data: { because: 'its run has gone on without an answer' },
  })
  await run.signal('go on')
  await bed.settle()
  expect(await run.result()).toBe('clock')
  await bed.close()
})

test('a fork asks its own question; what was answered before it stays answered', async () => {
  const twice = task({
    name: 'twice',
    async run(ctx) {
      const first = await ctx.ask('First?')
      const second = await ctx.ask('Second?')
      return [first, second]
    },
  })
  const bed = await testbed({ tasks: [twice] })
  const run = await bed.start(twice, {})
  await bed.settle()
  await bed.tl.inbox.answer((await onlyOf(bed)).id, 1, { by: 'ada' })
  await bed.settle()
  const fork = await run.fork({ at: 'ask Second?' })
  await bed.settle()
  const { questions } = await bed.tl.inbox.list()
  expect(questions.map((one) => [one.run, one.question])).toEqual([
    [run.id, 'Second?'],
    [fork.id, 'Second?'],
  ])
  const [its, own] = questions
  await bed.tl.inbox.answer(its?.id ?? '', 'of the original', { by: 'ada' })
  await bed.settle()
  expect(await run.result()).toEqual([1, 'of the original'])
  expect(await fork.status()).toBe('waiting')
  await bed.crash()
  await bed.settle()
  await bed.tl.inbox.answer(own?.id ?? '', 'of the fork', { by: 'bo' })
  await bed.settle()
  expect(await (await bed.run(fork.id)).result()).toEqual([1, 'of the fork'])
  await bed.close()
})

test('a next chapter asks anew, and the question of the last one is closed', async () => {
  const chapters = task({
    name: 'chapters',
    async run(ctx, input) {
      if (input === 'second') return ctx.ask('Again?')
      const { winner } = await ctx.race({
        answer: (branch) => branch.ask('Again?'),
        clock: (branch) => branch.sleep('an hour', '1h'),
      })
      return winner === 'clock' ? ctx.restart('second') : 'answered'
    },
  })
  const bed = await testbed({ tasks: [chapters] })
  const run = await bed.start(chapters, 'first')
  await bed.settle()
  const { id: first } = await onlyOf(bed)
  await bed.clock.advance('1h')
  await bed.settle()
  const { id } = await onlyOf(bed)
  expect(id).not.toBe(first)
  await expect(bed.tl.inbox.answer(first, 'no', { by: 'ada' })).rejects.toMatchObject({
    code: 'question_closed',
  })
  await bed.tl.inbox.answer(id, 'yes', { by: 'ada' })
  await bed.settle()
  expect(await run.result()).toBe('yes')
  await bed.close()
})

test.each([
  ['no text', '', {}, 'bad_question'],
  ['half a character', 'What is \ud800?', {}, 'bad_question'],
  ['nobody', 'What?', { to: '' }, 'bad_question'],
  ['no choice', 'What?', { choices: [] }, 'bad_question'],
  ['no length of time', 'What?', { timeout: 'soon' }, 'bad_duration'],
  ['what cannot be recorded', 'What?', { about: () => 1 }, 'not_serializable'],
])('a question of %s is refused to the body, and put to nobody', async (_, question, options, code) => {
  const asking = task({
    name: 'asking',
    run: (ctx) =>
      ctx.ask(question, options as object).catch((error: unknown) => (error as { code: string }).code),
  })
  const bed = await testbed({ tasks: [asking] })
  const run = await bed.start(asking, {})
  await bed.settle()
  expect(await run.result()).toBe(code)
  expect((await bed.tl.inbox.list({ status: ['open', 'closed'] })).questions).toEqual([])
  await bed.close()
})

test('a wait of a century is one that no store chokes on', async () => {
  const patient = task({ name: 'patient', run: (ctx) => ctx.ask('When?', { timeout: 1e300 }) })
  const bed = await testbed({ tasks: [patient] })
  const run = await bed.start(patient, {})
  await bed.settle()
  await bed.tl.inbox.answer((await onlyOf(bed)).id, 'now', { by: 'ada' })
  await bed.settle()
  expect(await run.result()).toBe('now')
  await bed.close()
})

/** Turns of the event loop after which a process dies. */
const MOMENTS = Array.from({ length: 14 }, (_, turns) => turns)

test.each(MOMENTS)('a process that dies %i turns after time ran out tells the body once', async (turns) => {
  const bed = await testbed({ tasks: [hurried] })
  const run = await bed.start(hurried, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  void bed.clock.advance('2d')
  for (let i = 0; i < turns; i++) await new Promise(setImmediate)
  await bed.crash()
  await bed.settle()
  const again = await bed.run(run.id)
  expect(await again.result()).toBe('question_expired')
  expect(await bed.tl.inbox.get(id)).toMatchObject({ status: 'expired' })
  expect(await replay(again.history(), hurried)).toMatchObject({ ok: true, unclaimed: [], gained: [] })
  await bed.close()
})

/** Of somebody whose clock is behind: for them it is not too late. */
const inboxBehind = ({ tl: { log } }: Testbed) =>
  new Inbox({ log, newId: (prefix) => `${prefix}_late`, now: () => 0, wake: () => {} })

/** Resolves once the run has recorded that nobody answered in time, and has not looked again yet. */
function timeRanOut({ tl: { log } }: Testbed, run: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = async () => {
    for await (const page of log.read(run)) if (page.some(({ kind }) => kind === 'wait.timed_out')) resolve()
  }
  const stop = log.onCommit(() => void look())
  return promise.finally(stop)
}

test('an answer that only the code refuses, as time runs out, leaves the question expired, with what was wrong', async () => {
  const even = task({
    name: 'even',
    run: (ctx) =>
      ctx
        .ask('Which number?', {
          schema: z.number().refine((n) => n % 2 === 0, 'must be even'),
          timeout: '1h',
        })
        .catch((error: { code?: string }) => error.code),
  })
  const bed = await testbed({ tasks: [even] })
  const run = await bed.start(even, {})
  await bed.settle()
  const { id } = await onlyOf(bed)
  const struck = timeRanOut(bed, run.id)
  void bed.clock.advance('1h')
  await struck
  await inboxBehind(bed).answer(id, 3, { by: 'ada' })
  await bed.settle()
  expect(await run.result()).toBe('question_expired')
  const question = await bed.tl.inbox.get(id)
  expect(question).toMatchObject({ status: 'expired', answer: undefined })
  expect(question.refused).toContain('must be even')
  await bed.close()
})

test('an answer that is accepted counts, also while the clock of the run strikes', async () => {
  const outcomes = new Set<string>()
  for (const turns of MOMENTS) {
    const bed = await testbed({ tasks: [hurried] })
    const run = await bed.start(hurried, {})
    await bed.settle()
    const { id } = await onlyOf(bed)
    const struck = timeRanOut(bed, run.id)
    void bed.clock.advance('2d')
    if (turns > 0) await struck
    for (let i = 1; i < turns; i++) await (turns < 8 ? Promise.resolve() : new Promise(setImmediate))
    const answered = await inboxBehind(bed)
      .answer(id, 'yes', { by: 'ada' })
      .then(
        () => 'yes',
        (error: { code?: string }) => error.code,
      )
    await bed.settle()
    const result = await run.result()
    expect(answered).toBe(result === 'yes' ? 'yes' : 'question_closed')
    outcomes.add(`${result} ${(await bed.tl.inbox.get(id)).status}`)
    expect(await replay(run.history(), hurried)).toMatchObject({ ok: true, unclaimed: [], gained: [] })
    await bed.close()
  }
  expect([...outcomes].toSorted()).toEqual(['question_expired expired', 'yes answered'])
})
