import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { open } from '../../app/index.ts'
import { task, type FeedbackRule } from '../../task/index.ts'
import { testbed } from '../../testing/index.ts'

interface Sorted {
  readonly rows: readonly { readonly payee: string; readonly category: string }[]
}

const payeeRule: FeedbackRule<Sorted> = ({ keys: [list, row, field], is }, output) => {
  const payee = list === 'rows' && field === 'category' ? output.rows[Number(row)]?.payee : undefined
  return payee === undefined
    ? undefined
    : { subject: `payee:${payee}`, predicate: 'category', value: is, statement: `${payee} is ${String(is)}` }
}

const sorting = task({
  name: 'sorting',
  input: z.array(z.string()),
  run: (_ctx, payees): Sorted => ({ rows: payees.map((payee) => ({ payee, category: 'Other' })) }),
  feedback: payeeRule,
})
const waiting = task({ name: 'waiting', run: (ctx) => ctx.wait('go') })

async function sorted(payees = ['Acme', 'Bolt', 'Acme']) {
  const bed = await testbed({ tasks: [sorting, waiting] })
  const run = await bed.start(sorting, payees, { scope: 'shop/books' })
  await run.result()
  const conventions = async () => (await bed.tl.memory.list({ scope: 'shop/books' })).items
  return { bed, run, conventions }
}
const other = { path: 'rows[0].category', was: 'Other', is: 'Travel' }

test('a correction becomes a convention of the scope, and says what it rests on', async () => {
  const { bed, run, conventions } = await sorted()
  const given = await run.feedback({ ...other, by: 'ada', because: 'It is a taxi firm' })
  expect(given).toMatchObject({ rule: 'task', path: 'rows[0].category', by: 'ada', is: 'Travel' })
  expect(await conventions()).toMatchObject([
    {
      id: given.convention,
      kind: 'preference',
      scope: 'shop/books',
      subject: 'payee:Acme',
      value: 'Travel',
      because: 'It is a taxi firm',
      author: 'ada',
      evidence: [{ run: run.id, path: 'rows[0].category', quote: '"Other" → "Travel"' }],
    },
  ])
  expect((await run.corrected()).rows.map(({ category }) => category)).toEqual(['Travel', 'Other', 'Other'])
  expect((await run.result()).rows[0]?.category).toBe('Other')
  expect(await run.corrections()).toEqual([given])
  expect((await bed.tl.verify()).breaks).toEqual([])
  await bed.close()
})

test('the last word supersedes the convention before it, and the same word records nothing new', async () => {
  const { bed, run, conventions } = await sorted()
  const first = await run.feedback(other)
  const same = await run.feedback({ ...other, path: 'rows[2].category' })
  expect(same.convention).toBe(first.convention)
  const last = await run.feedback({ path: 'rows[0].category', was: 'Travel', is: 'Fuel' })
  expect((await conventions()).map(({ id, value }) => [id, value])).toEqual([[last.convention, 'Fuel']])
  const old = await bed.tl.memory.get(String(first.convention))
  expect([old.status, old.change?.by]).toEqual(['superseded', last.convention])
  await bed.close()
})

test('a convention that has expired does not stand in for a new one', async () => {
  const { bed, run, conventions } = await sorted()
  const validTo = new Date(bed.clock.now() + 3_600_000)
  const about = { subject: 'payee:Acme', predicate: 'category', value: 'Travel', statement: 'Acme is Travel' }
  const first = await run.feedback({ ...other, asConvention: { ...about, validTo } })
  await bed.clock.advance('2h')
  const second = await run.feedback({ ...other, path: 'rows[2].category' })
  expect(second.convention).not.toBe(first.convention)
  expect((await conventions()).map(({ id }) => id)).toEqual([second.convention])
  await bed.close()
})

test('a correction never supersedes what was decided, only contradicts it', async () => {
  const { bed, run, conventions } = await sorted()
  const decided = await bed.tl.memory.remember({
    kind: 'preference',
    scope: 'shop/books',
    subject: 'payee:Acme',
    predicate: 'category',
    value: 'Rent',
    statement: 'Acme is Rent',
  })
  await run.feedback(other)
  expect(await conventions()).toHaveLength(2)
  const [conflict] = await bed.tl.memory.conflicts()
  expect(conflict?.items.map(({ id }) => id)).toContain(decided.id)
  await bed.close()
})

test.each([
  [{ ...other, path: 'rows[3].category' }, 'bad_feedback', /a list of 3/],
  [{ ...other, path: 'rows[0].categry' }, 'bad_feedback', /payee, category/],
  [{ ...other, path: 'rows[' }, 'bad_feedback', /no place/],
  [{ ...other, path: 'rows.length' }, 'bad_feedback', /a list of 3/],
  [{ ...other, path: 7 }, 'bad_feedback', /no place/],
  [{ ...other, was: 'Rent' }, 'feedback_stale', /is "Other", not "Rent"/],
  [{ ...other, is: 'Other' }, 'bad_feedback', /already/],
  [{ path: 'rows[0].category', was: 'Other' }, 'bad_feedback', /^is /],
  [{ ...other, by: ' ' }, 'bad_feedback', /^by /],
  [{ ...other, because: '' }, 'bad_feedback', /^because /],
  [{ ...other, asConvention: 'yes' }, 'bad_feedback', /^asConvention /],
  [{ ...other, asConvention: { subject: '' } }, 'bad_item', /^subject/],
  [{ ...other, is: () => 0 }, 'not_serializable', /function/],
  [undefined, 'bad_feedback', /^correction/],
])('what cannot be is refused, and nothing is recorded: %j', async (given, code, message) => {
  const { bed, run, conventions } = await sorted()
  await expect(run.feedback(given as never)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as unknown,
  })
  const both = [{ ...other, path: 'rows[1].category' }, given]
  await expect(run.feedback(both as never)).rejects.toMatchObject({ code })
  expect([await run.corrections(), await conventions()]).toEqual([[], []])
  await bed.close()
})

test('a run without an output has nothing to correct', async () => {
  const { bed } = await sorted()
  const run = await bed.start(waiting, {})
  await bed.settle()
  await expect(run.feedback(other)).rejects.toMatchObject({ code: 'no_output' })
  await run.cancel()
  await bed.settle()
  await expect(run.feedback(other)).rejects.toMatchObject({ code: 'no_output' })
  await bed.close()
})

test('of several who correct the same place at once, one is first and the others are told who', async () => {
  const { bed, run } = await sorted()
  const tries = await Promise.allSettled(
    ['ada', 'bo', 'cy', 'di'].map((by, n) => run.feedback({ ...other, is: `Category ${n}`, by })),
  )
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const [given] = await run.corrections()
  for (const { reason } of tries.filter((one) => one.status === 'rejected'))
    expect(reason).toMatchObject({ code: 'feedback_stale', data: { by: given?.by } })
  await bed.close()
})

test('of conventions that two runs bring at once, one stands', async () => {
  const { bed, run, conventions } = await sorted()
  const runs = [
    run,
    ...(await Promise.all([1, 2, 3].map(() => bed.start(sorting, ['Acme'], { scope: 'shop/books' })))),
  ]
  await Promise.all(runs.map((one) => one.result()))
  await Promise.all(runs.map((one, n) => one.feedback({ ...other, is: `Category ${n}` })))
  expect(await conventions()).toHaveLength(1)
  expect(await bed.tl.memory.conflicts()).toEqual([])
  await bed.close()
})

test('the same id is recorded once', async () => {
  const { bed, run, conventions } = await sorted()
  const [first, again] = await Promise.all([1, 2].map(() => run.feedback({ ...other, id: 'mail-7' })))
  expect(again).toEqual(first)
  expect(await run.feedback([{ ...other, id: 'mail-7' }])).toEqual([first])
  expect([(await run.corrections()).length, (await conventions()).length]).toEqual([1, 1])
  await bed.close()
})

test('many together are one commit, and of several about one thing the last word holds', async () => {
  const { bed, run, conventions } = await sorted(Array.from({ length: 300 }, (_, n) => `Payee ${n % 50}`))
  const before = await bed.tl.log.position()
  const given = Array.from({ length: 300 }, (_, n) => ({
    path: ['rows', n, 'category'],
    was: 'Other',
    is: n < 50 ? 'Early' : 'Late',
  }))
  const recorded = await run.feedback(given)
  expect(recorded.filter(({ convention }) => convention === undefined)).toHaveLength(50)
  const items = await conventions()
  expect(items).toHaveLength(50)
  expect(items.every(({ value, evidence }) => value === 'Late' && evidence.length === 5)).toBe(true)
  expect(await bed.tl.log.position()).toBe(before + 300 + 50)
  await bed.close()
})

test('whoever asks makes a convention of any task, or none, or another', async () => {
  const { bed, run, conventions } = await sorted()
  expect((await run.feedback({ ...other, asConvention: false })).convention).toBeUndefined()
  await run.feedback({ ...other, path: 'rows[1].category', asConvention: true })
  await run.feedback({
    ...other,
    path: 'rows[2].category',
    asConvention: { kind: 'decision', subject: 'books', scope: 'shop' },
  })
  expect(
    (await conventions()).map(({ kind, subject, predicate, scope }) => [kind, subject, predicate, scope]),
  ).toEqual([
    ['decision', 'books', 'rows[].category, not "Other"', 'shop'],
    ['preference', 'task:sorting', 'rows[].category, not "Other"', 'shop/books'],
  ])
  await bed.close()
})

test('whenever the process dies, a correction and its convention are both there or neither is', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const { bed, run } = await sorted()
    const given = run.feedback({ ...other, id: 'mail-7' }).catch(() => {})
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
    await bed.crash()
    const again = await bed.run(run.id)
    const items = async () => (await bed.tl.memory.list({ scope: 'shop/books' })).items
    expect((await again.corrections()).map(({ convention }) => convention)).toEqual(
      (await items()).map(({ id }) => id),
    )
    await again.feedback({ ...other, id: 'mail-7' })
    expect([(await again.corrections()).length, (await items()).length]).toEqual([1, 1])
    void given
    await bed.close()
  }
})

test('where the task is not known, that is said instead of guessed', async () => {
  const { bed, run } = await sorted()
  await bed.crash({ tasks: [waiting] })
  const given = await (await bed.run(run.id)).feedback(other)
  expect(given).toMatchObject({ rule: 'unknown', convention: undefined })
  await bed.close()
})

test('a rule that throws stops the correction', async () => {
  const broken = task({
    name: 'broken',
    run: () => 'x',
    feedback: () => {
      throw new Error('no such payee')
    },
  })
  const bed = await testbed({ tasks: [broken] })
  const run = await bed.start(broken, {})
  await run.result()
  await expect(run.feedback({ path: '', was: 'x', is: 'y' })).rejects.toMatchObject({
    code: 'bad_feedback',
    cause: { message: 'no such payee' },
  })
  expect(await run.corrections()).toEqual([])
  await bed.close()
})

test('a client without a lease corrects while another process carries, and a rebuild gives the same rows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-feedback-'))
  const store = join(folder, 'f.db')
  const carrier = await open({ store, tasks: [sorting] })
  const run = await carrier.start(sorting, ['Acme', 'Bolt'], { scope: 'shop' })
  await run.result()
  const client = await open({ store, tasks: [sorting], worker: false })
  await (await client.run(run.id)).feedback(other)
  const rows = await client.log.select('feedback', {})
  await carrier.close()
  await client.rebuild()
  expect(await client.log.select('feedback', {})).toEqual(rows)
  const lines = await Array.fromAsync(client.export())
  const elsewhere = await open({ store: 'memory:', worker: false })
  await elsewhere.import(lines)
  expect((await (await elsewhere.run(run.id)).corrections()).map(({ is }) => is)).toEqual(['Travel'])
  await client.runs.prune({ before: new Date(Date.now() + 1000) })
  expect(await client.log.select('feedback', {})).toEqual([])
  await Promise.all([client.close(), elsewhere.close()])
  rmSync(folder, { recursive: true })
})
