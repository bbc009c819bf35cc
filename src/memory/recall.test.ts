import { expect, test } from 'vitest'
import { open, type Throughline } from '../app/index.ts'
import { readTokenizer } from '../tokens/index.ts'
import { task } from '../task/index.ts'
import { replay, testbed } from '../testing/index.ts'

/** A few things a purchasing department knows. */
async function filled(tl: Throughline) {
  const excluded = await tl.memory.decide({
    subject: 'vendor:acme',
    choice: 'excluded',
    because: 'No audit report was to be had',
    scope: 'purchasing',
  })
  const waived = await tl.memory.decide({
    subject: 'vendor:birch',
    choice: 'included',
    because: 'Cheapest of all',
    scope: 'purchasing/emea',
  })
  const owed = await tl.memory.remember({
    kind: 'commitment',
    subject: 'report',
    statement: 'Send the quarterly report to Bo',
  })
  return { excluded: excluded.id, waived: waived.id, owed: owed.id }
}
const idsOf = (found: readonly { readonly item: { readonly id: string } }[]) =>
  found.map(({ item }) => item.id)

test('what says it best comes first, and says why', async () => {
  await using tl = await open({ store: 'memory:' })
  const { excluded, owed } = await filled(tl)
  const found = await tl.memory.recall({ query: 'audit reports' })
  expect(idsOf(found)).toEqual([excluded, owed])
  expect(found[0]?.why).toContainEqual(expect.objectContaining({ field: 'because' }))
  expect(idsOf(await tl.memory.recall({ query: 'audti' }))).toEqual([excluded]) // mistyped
})

test('filters come before ranking, and without a query the newest come first', async () => {
  await using tl = await open({ store: 'memory:' })
  const { excluded, waived, owed } = await filled(tl)
  expect(idsOf(await tl.memory.recall({ query: 'report', kinds: ['commitment'] }))).toEqual([owed])
  expect(idsOf(await tl.memory.recall({ query: 'vendor', scope: 'purchasing' }))).toEqual([excluded])
  expect(idsOf(await tl.memory.recall({ scope: 'purchasing/emea' }))).toEqual([owed, waived, excluded])
  expect(await tl.memory.recall({ query: 'nothing of the kind whatsoever zzz' })).toEqual([])
})

test('a budget holds as many as fit, best first, and passes over what is too long', async () => {
  await using tl = await open({ store: 'memory:' })
  const { count } = readTokenizer()
  await tl.memory.remember({
    kind: 'fact',
    subject: 'audit',
    statement: `The audit ${'took long '.repeat(200)}`,
  })
  for (let n = 0; n < 30; n++)
    await tl.memory.remember({ kind: 'fact', subject: `vendor:${n}`, statement: `Vendor ${n} had an audit` })
  const found = await tl.memory.recall({ query: 'audit', budget: 400 })
  const tokens = found.reduce((sum, { text }) => sum + count(`${text}\n`), 0)
  expect(tokens).toBeLessThanOrEqual(400)
  expect(tokens).toBeGreaterThan(350)
  expect(found.every(({ item }) => item.subject !== 'audit')).toBe(true)
  expect(await tl.memory.recall({ query: 'audit', budget: 400, limit: 2 })).toHaveLength(2)
  expect(await tl.memory.recall({ query: 'audit', budget: 0 })).toEqual([])
})

test('what was recorded a moment ago is found, and what is over is not', async () => {
  await using tl = await open({ store: 'memory:' })
  const { excluded } = await filled(tl)
  expect(idsOf(await tl.memory.recall({ query: 'acme' }))).toEqual([excluded])
  const { id } = await tl.memory.supersede(excluded, {
    subject: 'vendor:acme',
    choice: 'included',
    because: 'The audit was passed',
    scope: 'purchasing',
  })
  expect(idsOf(await tl.memory.recall({ query: 'acme' }))).toEqual([id])
  expect(idsOf(await tl.memory.recall({ query: 'acme', status: 'superseded' }))).toEqual([excluded])
})

test('what was believed on a day is searched as it was then', async () => {
  const bed = await testbed({ tasks: [] })
  const { excluded } = await filled(bed.tl)
  const then = new Date(bed.clock.now())
  await bed.clock.advance('10d')
  await bed.tl.memory.withdraw(excluded, { because: 'no longer' })
  expect(await bed.tl.memory.recall({ query: 'acme' })).toEqual([])
  expect(idsOf(await bed.tl.memory.recall({ query: 'acme', asOf: then }))).toEqual([excluded])
  await bed.close()
})

test('a run is told the same on replay, whatever has been recorded since', async () => {
  const asks = task({
    name: 'asks',
    async run(ctx) {
      const before = await ctx.recall({ query: 'acme' })
      await ctx.wait('go')
      const after = await ctx.recall({ query: 'acme' })
      return [before, after].map((found) => found.map(({ item }) => `${item.id}@${item.version}`))
    },
  })
  const bed = await testbed({ tasks: [asks] })
  const { excluded } = await filled(bed.tl)
  const { id } = await bed.start(asks, {}, { scope: 'purchasing' })
  await bed.settle()
  const { id: next } = await bed.tl.memory.supersede(excluded, {
    subject: 'vendor:acme',
    choice: 'included',
    because: 'The audit was passed',
    scope: 'purchasing',
  })
  await bed.crash()
  const run = await bed.run(id)
  await run.signal('go')
  await bed.settle()
  expect(await run.result()).toEqual([[`${excluded}@1`], [`${next}@1`]])
  expect(await replay(bed.tl.history(id), asks)).toMatchObject({ diverged: undefined })
  const { items } = await bed.tl.memory.list({ scope: 'purchasing' })
  expect(items.length).toBe(2)
  await bed.close()
})

test.each(['', ' › ', '\u0000\u0007', '\ud800', 'x'.repeat(100_000), '漢字仮名', '%_"\''])(
  'whatever is asked is answered: %j',
  async (query) => {
    const asks = task({ name: 'asks', run: async (ctx) => (await ctx.recall({ query })).length })
    await using tl = await open({ store: 'memory:', tasks: [asks] })
    await filled(tl)
    expect(await (await tl.start(asks, {})).result()).toBe(0)
  },
)
