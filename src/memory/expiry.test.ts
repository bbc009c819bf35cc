import { expect, test } from 'vitest'
import { testbed } from '../testing/index.ts'

const bedOf = () => testbed({ tasks: [] })
const DAY = 86_400_000

test('what has run out is not live any more, without anyone having to write it down', async () => {
  const bed = await bedOf()
  const { memory } = bed.tl
  const from = bed.clock.now()
  const price = { kind: 'fact', subject: 'vendor:acme', predicate: 'price' } as const
  const old = await memory.remember({
    ...price,
    value: 10,
    statement: 'A seat costs 10',
    validTo: new Date(from + 10 * DAY),
  })
  const live = async () => (await memory.list()).items.map(({ id }) => id)
  expect(await live()).toEqual([old.id])
  await bed.clock.advance('10d')
  expect(await live()).toEqual([])
  expect(await memory.get(old.id)).toMatchObject({ status: 'expired', version: 1 })
  expect((await memory.list({ status: ['expired', 'withdrawn'] })).items.map(({ id }) => id)).toEqual([
    old.id,
  ])
  expect(await memory.recall({ query: 'seat costs' })).toEqual([])
  expect(await memory.recall({ query: 'seat costs', status: 'expired' })).toHaveLength(1)
  // It held then, and does not stand against what is so now.
  const then = new Date(from + 5 * DAY)
  expect(
    (await memory.asOf(new Date(bed.clock.now()), { trueAt: then })).map(({ status }) => status),
  ).toEqual(['active'])
  const next = await memory.remember({ ...price, value: 12, statement: 'A seat costs 12' })
  expect(next.conflicts).toEqual([])
  expect(await memory.conflicts()).toEqual([])
})

test('pages hold across statuses', async () => {
  const bed = await bedOf()
  const { memory } = bed.tl
  const soon = new Date(bed.clock.now() + DAY)
  const ids: string[] = []
  for (let n = 0; n < 9; n++) {
    const validTo = n % 2 === 0 ? { validTo: soon } : {}
    ids.unshift((await memory.remember({ kind: 'fact', subject: `${n}`, statement: 'so', ...validTo })).id)
  }
  await memory.withdraw(ids[1] ?? '', { because: 'wrong' })
  await bed.clock.advance('2d')
  const seen: string[] = []
  for (let cursor: string | undefined; ;) {
    const status = ['active', 'expired', 'withdrawn'] as const
    const page = await memory.list({ status, limit: 2, ...(cursor === undefined ? {} : { cursor }) })
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.cursor
    if (cursor === undefined) break
  }
  expect(seen.toSorted()).toEqual(ids.toSorted())
  expect(new Set(seen).size).toBe(9)
})

test('a decision past its review still holds, until somebody looks at it', async () => {
  const bed = await bedOf()
  const { memory } = bed.tl
  const { id } = await memory.decide({
    subject: 'vendor:acme',
    choice: 'excluded',
    because: 'No SOC 2 report',
    reviewAt: new Date(bed.clock.now() + DAY),
  })
  await bed.clock.advance('400d')
  expect((await memory.list()).items.map((item) => item.id)).toEqual([id])
  const until = new Date(bed.clock.now() + 30 * DAY)
  await expect(memory.review(id, { until: new Date(0), because: 'x' })).rejects.toMatchObject({
    code: 'bad_item',
  })
  await memory.review(id, { until, because: 'still no report', by: 'ada', version: 1 })
  expect(await memory.get(id)).toMatchObject({
    version: 2,
    status: 'active',
    reviewAt: until,
    author: 'ada',
    change: { because: 'still no report' },
  })
  await expect(memory.review(id, { because: 'late', version: 1 })).rejects.toMatchObject({
    code: 'item_changed',
    message: /ada/,
  })
})

test.each([
  ['kinds', { kinds: ['rumour'] }],
  ['status', { status: 'lost' }],
  ['scope', { scope: '../other' }],
])('what cannot be asked for is named: %s', async (field, query) => {
  const bed = await bedOf()
  for (const call of ['list', 'recall'] as const)
    await expect(bed.tl.memory[call](query as never)).rejects.toMatchObject({
      code: 'bad_item',
      data: { field },
    })
})
