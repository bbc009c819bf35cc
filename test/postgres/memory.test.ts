import { expect, test } from 'vitest'
import { open, task, type Throughline } from 'throughline'
import { freshSchema } from '../servers/schemas.ts'

const order = task({
  name: 'ordering',
  run: (ctx, total: number) =>
    ctx.checkpoint('order', { total }).then(
      () => 'passed',
      (error: { code?: string }) => error.code,
    ),
})

/** The same ids on both: what answers equally well comes in their order. */
function counted() {
  const last = new Map<string, number>()
  return (prefix: string) => {
    const next = (last.get(prefix) ?? 0) + 1
    last.set(prefix, next)
    return `${prefix}_${String(next).padStart(6, '0')}`
  }
}

/** What memory comes to on a store. */
async function story(tl: Throughline) {
  const about = { subject: 'vendor:acme', scope: 'purchasing' }
  const first = await tl.memory.decide({
    ...about,
    choice: 'excluded',
    because: 'No audit report was to be had',
  })
  const second = await tl.memory.decide({ ...about, choice: 'included', because: 'The report arrived' })
  const conflicts = (await tl.memory.conflicts()).map(({ items }) => items.map(({ value }) => value))
  const before = new Date()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      tl.memory.withdraw(first.id, { because: 'replaced', by: `writer ${n}`, version: 1 }),
    ),
  )
  await tl.memory.remember({
    kind: 'constraint',
    subject: 'budget',
    statement: 'No order over 1000',
    rule: { target: 'order', forbid: 'value.total > 1000' },
  })
  for (let n = 0; n < 30; n++)
    await tl.memory.remember({
      kind: 'fact',
      subject: `vendor:${n}`,
      statement: `Vendor ${n} has sent report ${n % 7}`,
    })
  const found = await tl.memory.recall({ query: 'audit report 3', limit: 8 })
  const outcomes = await Promise.all([500, 1500].map(async (n) => (await tl.start(order, n)).result()))
  const believed = await tl.memory.asOf(before, { scope: 'purchasing' })
  return {
    told: second.conflicts.length,
    conflicts,
    won: tries.filter(({ status }) => status === 'fulfilled').length,
    found: found.map(({ item, score }) => [item.id, item.statement, score]),
    outcomes,
    believed: believed.map(({ value, status }) => [value, status]),
    versions: (await tl.memory.history(first.id)).map(({ status }) => status),
    breaks: (await tl.verify()).breaks,
  }
}

test('memory is the same on a file and on Postgres', async () => {
  await using file = await open({ store: 'memory:', tasks: [order], ids: counted() })
  await using server = await open({ store: await freshSchema(), tasks: [order], ids: counted() })
  const [here, there] = [await story(file), await story(server)]
  expect(there).toEqual(here)
  expect(here).toMatchObject({ told: 1, won: 1, outcomes: ['passed', 'decision_conflict'], breaks: [] })
  expect(here.conflicts).toEqual([['excluded', 'included']])
})
