import { expect, test } from 'vitest'
import { open } from '../app/index.ts'
import { testbed } from '../testing/index.ts'

const fresh = () => open({ store: 'memory:' })
const acme = {
  subject: 'vendor:acme',
  choice: 'excluded',
  because: 'No SOC 2 report',
  alternatives: [{ option: 'include with waiver', because: 'legal refused', reopenIf: 'report arrives' }],
}

test('a decision is kept with its reasons, and found by what it is about', async () => {
  await using tl = await fresh()
  const { id } = await tl.memory.decide({ ...acme, scope: 'purchasing' }, { by: 'ada' })
  const item = await tl.memory.get(id)
  expect(item).toMatchObject({
    kind: 'decision',
    statement: 'vendor:acme: excluded',
    value: 'excluded',
    because: 'No SOC 2 report',
    author: 'ada',
    version: 1,
    status: 'active',
  })
  expect(item.alternatives[0]).toEqual(acme.alternatives[0])
  expect((await tl.memory.list({ subject: 'vendor:acme' })).items.map((one) => one.id)).toEqual([id])
})

test('what holds in a scope holds below it, and not beside it', async () => {
  await using tl = await fresh()
  const at = async (scope: string) => (await tl.memory.decide({ ...acme, subject: scope || 'all', scope })).id
  const [all, one, below] = [await at(''), await at('acme'), await at('acme/purchasing')]
  await at('acme-two')
  const seen = async (scope: string) => (await tl.memory.list({ scope })).items.map(({ id }) => id).toSorted()
  expect(await seen('acme/purchasing')).toEqual([all, one, below].toSorted())
  expect(await seen('acme')).toEqual([all, one].toSorted())
})

test('two live values of one property are a conflict, until one supersedes the other', async () => {
  await using tl = await fresh()
  const first = await tl.memory.decide(acme)
  const same = await tl.memory.decide(acme)
  expect(same.conflicts).toEqual([])
  const second = await tl.memory.decide({ ...acme, choice: 'included', because: 'The report arrived' })
  expect(second.conflicts.toSorted()).toEqual([first.id, same.id].toSorted())
  const [conflict] = await tl.memory.conflicts()
  expect(conflict?.items.map(({ id }) => id)).toEqual([first.id, same.id, second.id])
  await tl.memory.withdraw(same.id, { because: 'said twice' })
  const third = await tl.memory.supersede(first.id, {
    ...acme,
    choice: 'included',
    because: 'The report arrived',
  })
  expect(third.conflicts).toEqual([])
  expect(await tl.memory.conflicts()).toEqual([])
  expect(await tl.memory.get(first.id)).toMatchObject({
    status: 'superseded',
    change: { by: third.id, because: 'The report arrived' },
  })
})

test('values of different times do not conflict', async () => {
  await using tl = await fresh()
  const price = (value: number, validFrom: Date, validTo?: Date) =>
    tl.memory.remember({
      kind: 'fact',
      subject: 'vendor:acme',
      predicate: 'price',
      value,
      statement: `costs ${value}`,
      validFrom,
      ...(validTo ? { validTo } : {}),
    })
  await price(10, new Date('2026-01-01'), new Date('2026-07-01'))
  expect((await price(12, new Date('2026-07-01'))).conflicts).toEqual([])
})

test('two clocks: what was true on a day, and what was believed on one', async () => {
  const bed = await testbed({ tasks: [] })
  const { memory } = bed.tl
  const said = await memory.decide({ ...acme, validFrom: new Date(bed.clock.now()) })
  const then = new Date(bed.clock.now())
  await bed.clock.advance('30d')
  const now = await memory.supersede(said.id, { ...acme, choice: 'included', because: 'The report arrived' })
  const ids = async (date: Date, trueAt?: Date) =>
    (await memory.asOf(date, trueAt ? { trueAt } : {})).map(({ id }) => id)
  expect(await ids(then)).toEqual([said.id])
  expect(await ids(new Date(bed.clock.now()))).toEqual([now.id])
  expect(await ids(then, new Date(then.getTime() - 1))).toEqual([])
  await bed.close()
})

test('eight at once on one item: one wins, and the others are told who did', async () => {
  await using tl = await fresh()
  const { id } = await tl.memory.decide(acme)
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      tl.memory.supersede(id, { ...acme, choice: `option ${n}` }, { by: `writer ${n}`, version: 1 }),
    ),
  )
  const won = tries.filter(({ status }) => status === 'fulfilled')
  expect(won).toHaveLength(1)
  const item = await tl.memory.get(id)
  expect(item).toMatchObject({ status: 'superseded', version: 2 })
  for (const one of tries) {
    if (one.status === 'rejected')
      expect(one.reason).toMatchObject({ code: 'item_changed', data: { author: item.author, version: 2 } })
  }
  expect((await tl.memory.list()).items).toHaveLength(1)
})

test('every version stays, with who made it and why', async () => {
  await using tl = await fresh()
  const { id } = await tl.memory.remember(
    {
      kind: 'commitment',
      subject: 'report',
      statement: 'Send the report to Bo',
      dueAt: new Date('2026-03-01'),
    },
    { by: 'ada' },
  )
  await tl.memory.fulfil(id, { because: 'sent on Monday', by: 'bo' })
  expect(
    (await tl.memory.history(id)).map(({ version, status, author }) => [version, status, author]),
  ).toEqual([
    [1, 'active', 'ada'],
    [2, 'fulfilled', 'bo'],
  ])
  await expect(tl.memory.withdraw(id, { because: 'no' })).rejects.toMatchObject({ code: 'item_over' })
  await expect(tl.memory.get('item_none')).rejects.toMatchObject({ code: 'item_not_found' })
})

test.each([
  ['kind', { kind: 'rumour' }],
  ['subject', { subject: '' }],
  ['subject', { subject: 'a › b' }],
  ['statement', { statement: 'x'.repeat(10_000_000) }],
  ['scope', { scope: '../other' }],
  ['scope', { scope: 'a//b' }],
  ['confidence', { confidence: 2 }],
  ['dueAt', { dueAt: new Date('no day') }],
  ['links', { links: [{ type: 'likes', to: 'x' }] }],
  ['validTo', { validFrom: new Date(2), validTo: new Date(1) }],
  ['value', { value: 'x'.repeat(100_000) }],
])('what cannot be kept is refused by name: %s', async (field, wrong) => {
  await using tl = await fresh()
  const item = { kind: 'fact', subject: 's', statement: 'so it is', ...wrong } as never
  await expect(tl.memory.remember(item)).rejects.toMatchObject({ code: 'bad_item', data: { field } })
  expect(await tl.log.position()).toBe(0)
})

test('a decision without a reason is none', async () => {
  await using tl = await fresh()
  await expect(tl.memory.decide({ ...acme, because: ' ' })).rejects.toMatchObject({
    code: 'bad_item',
    data: { field: 'because' },
  })
})
