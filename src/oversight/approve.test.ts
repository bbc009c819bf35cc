import { expect, test } from 'vitest'
import { z } from 'zod'
import { task } from '../task/index.ts'
import { replay } from '../testing/replay.ts'
import { testbed, type Testbed } from '../testing/testbed.ts'
import { digestOf } from './digest.ts'
import { ApprovalExpired } from './errors.ts'

const Order = z.object({
  vendor: z.string(),
  lines: z.array(z.object({ item: z.string(), count: z.number().min(1) })),
})
const order = { vendor: 'acme', lines: [{ item: 'desk', count: 2 }] }

const ordering = task({
  name: 'ordering',
  async run(ctx) {
    const verdict = await ctx.approve('the order', {
      proposal: order,
      schema: Order,
      to: 'lead',
      timeout: '2d',
    })
    return verdict.approved ? verdict : `refused by ${verdict.by}: ${verdict.reason}`
  },
})

const codeOf = (error: { readonly code?: string }): string | undefined => error.code

const begun = async (bed: Testbed) => {
  const run = await bed.start(ordering, {})
  await bed.settle()
  const [question] = (await bed.tl.inbox.list({ to: 'lead' })).questions
  if (!question) throw new Error('nothing is asked')
  return { run, question, digest: question.digest ?? '' }
}

test('an approval says who, why, and of what', async () => {
  const bed = await testbed({ tasks: [ordering] })
  const { run, question, digest } = await begun(bed)
  expect(question).toMatchObject({ kind: 'approval', question: 'Approve "the order"?', proposal: order })
  expect(digest).toBe(digestOf({ lines: order.lines, vendor: 'acme' }))
  await bed.tl.inbox.answer(question.id, { approved: true, digest }, { by: 'ada', reason: 'Within budget' })
  await bed.crash()
  await bed.settle()
  const again = await bed.run(run.id)
  expect(await again.result()).toEqual({
    approved: true,
    value: order,
    by: 'ada',
    reason: 'Within budget',
    edits: [],
    digest,
    question: question.id,
  })
  expect(await replay(again.history(), ordering)).toMatchObject({ ok: true, unclaimed: [], gained: [] })
  await bed.close()
})

test('what is edited is recorded as edited, part by part', async () => {
  const bed = await testbed({ tasks: [ordering] })
  const { run, question, digest } = await begun(bed)
  const value = {
    vendor: 'acme',
    lines: [
      { item: 'desk', count: 1 },
      { item: 'lamp', count: 1 },
    ],
  }
  await bed.tl.inbox.answer(question.id, { approved: true, digest, value }, { by: 'ada' })
  await bed.settle()
  const edits = [
    { path: 'lines[0].count', was: 2, is: 1 },
    { path: 'lines[1]', was: undefined, is: { item: 'lamp', count: 1 } },
  ]
  expect(await run.result()).toMatchObject({ approved: true, value, edits })
  expect(await bed.tl.inbox.get(question.id)).toMatchObject({ answer: { by: 'ada', edits } })
  await bed.close()
})

test('a rejection is a verdict, with who and why', async () => {
  const bed = await testbed({ tasks: [ordering] })
  const { run, question, digest } = await begun(bed)
  await bed.tl.inbox.answer(question.id, { approved: false, digest }, { by: 'ada', reason: 'Too dear' })
  await bed.settle()
  expect(await run.result()).toBe('refused by ada: Too dear')
  await bed.close()
})

test('an answer about another proposal, or of another shape, is refused, and nothing changes', async () => {
  const bed = await testbed({ tasks: [ordering] })
  const { run, question, digest } = await begun(bed)
  const before = await bed.tl.log.position()
  const other = digestOf({ ...order, vendor: 'mallory' })
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ approved: true, digest: other }, 'approval_mismatch'],
    [{ approved: true, digest: digest.slice(0, 12) }, 'approval_mismatch'],
    [{ approved: true, digest: '' }, 'approval_mismatch'],
    [{ approved: true }, 'invalid_payload'],
    [{ approved: 'yes', digest }, 'invalid_payload'],
    [
      { approved: true, digest, value: { vendor: 'acme', lines: [{ item: 'desk', count: 0 }] } },
      'invalid_payload',
    ],
    [{ approved: true, digest, by: 'root' }, 'invalid_payload'],
    [{ approved: 1n, digest }, 'invalid_payload'],
    [{ approved: Number.NaN, digest }, 'invalid_payload'],
    [[], 'invalid_payload'],
    [true, 'invalid_payload'],
    ['approve', 'invalid_payload'],
    [null, 'invalid_payload'],
  ]
  for (const [value, code] of wrong)
    await expect(bed.tl.inbox.answer(question.id, value, { by: 'ada' })).rejects.toMatchObject({ code })
  expect(await bed.tl.log.position()).toBe(before)
  expect(await run.status()).toBe('waiting')
  await bed.close()
})

test('nobody decides in time: it is not approved, and nobody has rejected it', async () => {
  const bed = await testbed({ tasks: [ordering] })
  const { run, question } = await begun(bed)
  await bed.clock.advance('3d')
  await bed.settle()
  await expect(run.result()).rejects.toMatchObject({ mode: 'approval_expired' })
  expect(await bed.tl.inbox.get(question.id)).toMatchObject({ status: 'expired', answer: undefined })
  await bed.close()
})

test('a proposal that the code makes otherwise after a crash is another question: the old approval is none of it', async () => {
  const proposing = (amount: number) =>
    task({
      name: 'proposing',
      run: async (ctx) => {
        const { approved, value } = await ctx.approve('payment', { proposal: { amount } })
        return { approved, value }
      },
    })
  const bed = await testbed({ tasks: [proposing(100)] })
  const run = await bed.start('proposing', {})
  await bed.settle()
  const [first] = (await bed.tl.inbox.list()).questions
  await bed.crash({ tasks: [proposing(100_000)] })
  await bed.clock.advance('1s')
  await bed.crash({ tasks: [proposing(100_000)] })
  await (await bed.run(run.id)).resume()
  await bed.settle()
  const { questions } = await bed.tl.inbox.list()
  expect(questions.map(({ proposal }) => proposal)).toEqual([{ amount: 100_000 }])
  await expect(
    bed.tl.inbox.answer(first?.id ?? '', { approved: true, digest: first?.digest }, { by: 'ada' }),
  ).rejects.toMatchObject({ code: 'question_closed' })
  const [now] = questions
  await bed.tl.inbox.answer(now?.id ?? '', { approved: false, digest: now?.digest }, { by: 'ada' })
  await bed.settle()
  expect(await (await bed.run(run.id)).result()).toEqual({ approved: false, value: { amount: 100_000 } })
  await bed.close()
})

test('what the record cannot hold against its schema, the run that acts on it does', async () => {
  const strange = task({
    name: 'strange',
    async run(ctx) {
      const schema = z.string().regex(new RegExp(String.raw`^\#\d{2}$`))
      const { approved, value } = await ctx.approve('the number', { proposal: '#12', schema })
      return { approved, value }
    },
  })
  const bed = await testbed({ tasks: [strange] })
  const run = await bed.start(strange, {})
  await bed.settle()
  const [question] = (await bed.tl.inbox.list()).questions
  const { id = '', digest } = question ?? {}
  for (const wrong of [
    { approved: 'yes', digest },
    { approved: true, digest, value: '12' },
  ]) {
    const refusal = await bed.tl.inbox.answer(id, wrong, { by: 'ada' }).then(() => '', codeOf)
    expect(['', 'approval_mismatch', 'invalid_payload']).toContain(refusal)
    await bed.settle()
    expect(await run.status()).toBe('waiting')
    expect(await bed.tl.inbox.get(id)).toMatchObject({ status: 'open' })
  }
  await bed.tl.inbox.answer(id, { approved: true, digest, value: '#13' }, { by: 'ada' })
  await bed.settle()
  expect(await run.result()).toEqual({ approved: true, value: '#13' })
  await bed.close()
})

test('two who decide at once: one verdict', async () => {
  const bed = await testbed({ tasks: [ordering] })
  const { run, question, digest } = await begun(bed)
  const both = await Promise.allSettled([
    bed.tl.inbox.answer(question.id, { approved: true, digest }, { by: 'ada' }),
    bed.tl.inbox.answer(question.id, { approved: false, digest }, { by: 'bo', reason: 'No' }),
  ])
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await bed.settle()
  const { answer } = await bed.tl.inbox.get(question.id)
  const result = await run.result()
  expect(typeof result === 'string' ? 'bo' : result.by).toBe(answer?.by)
  await bed.close()
})

test.each([
  ['nothing to approve', { proposal: undefined }, 'bad_question'],
  ['what cannot be recorded', { proposal: { send: () => 1 } }, 'not_serializable'],
  ['nobody', { proposal: 1, to: '' }, 'bad_question'],
])('an approval of %s is refused to the body', async (_, options, code) => {
  const asking = task({
    name: 'asking',
    run: (ctx) =>
      ctx
        .approve('it', options as { proposal: unknown })
        .then(String, (error: unknown) => (error as { code: string }).code),
  })
  const bed = await testbed({ tasks: [asking] })
  expect(await (await bed.start(asking, {})).result()).toBe(code)
  await bed.close()
})

test('an expired approval can be caught, and somebody else asked', async () => {
  const escalating = task({
    name: 'escalating',
    async run(ctx) {
      for (const to of ['lead', 'head']) {
        try {
          const { by } = await ctx.approve('it', { proposal: 'it', to, timeout: '1h' })
          return by
        } catch (error) {
          if (!(error instanceof ApprovalExpired)) throw error
        }
      }
      return 'nobody'
    },
  })
  const bed = await testbed({ tasks: [escalating] })
  const run = await bed.start(escalating, {})
  await bed.settle()
  await bed.clock.advance('1h')
  await bed.settle()
  const [question] = (await bed.tl.inbox.list()).questions
  expect(question).toMatchObject({ to: 'head' })
  await bed.tl.inbox.answer(question?.id ?? '', { approved: true, digest: question?.digest }, { by: 'cy' })
  await bed.settle()
  expect(await run.result()).toBe('cy')
  await bed.close()
})
