import { expect, test } from 'vitest'
import { open, type Throughline } from '../app/index.ts'

const fresh = () => open({ store: 'memory:' })

async function chain(tl: Throughline) {
  const fact = (subject: string, ...grounds: readonly string[]) =>
    tl.memory.remember({
      kind: 'fact',
      subject,
      statement: `About ${subject}`,
      links: grounds.map((to) => ({ type: 'derived_from', to })),
    })
  const root = await fact('root')
  const first = await fact('first', root.id)
  const second = await fact('second', first.id)
  const beside = await fact('beside')
  return { fact, root: root.id, first: first.id, second: second.id, beside: beside.id }
}

test('what rests on a withdrawn item is flagged, however far down, and nothing else', async () => {
  await using tl = await fresh()
  const { root, first, second } = await chain(tl)
  expect(await tl.memory.flags()).toEqual([])
  await tl.memory.withdraw(root, { because: 'it was a rumour' })
  expect(await tl.memory.flags()).toMatchObject([
    { item: first, origin: root, via: root, status: 'withdrawn' },
    { item: second, origin: root, via: first, status: 'withdrawn' },
  ])
  const { items } = await tl.memory.list({ isFlagged: true })
  expect(items.map(({ id }) => id).toSorted()).toEqual([first, second].toSorted())
})

test('a flag goes when somebody says that the item holds all the same, or replaces it', async () => {
  await using tl = await fresh()
  const { root, first, second } = await chain(tl)
  await tl.memory.withdraw(root, { because: 'it was a rumour' })
  await tl.memory.review(second, { because: 'seen with my own eyes', by: 'ada' })
  expect((await tl.memory.flags()).map(({ item }) => item)).toEqual([first])
  const better = { kind: 'fact', subject: 'first', statement: 'Measured' } as const
  await tl.memory.supersede(first, better)
  // What rested on what was replaced is another question, asked anew.
  expect(await tl.memory.flags()).toMatchObject([{ item: second, origin: first, status: 'superseded' }])
  await tl.memory.withdraw(second, { because: 'no longer needed' })
  expect(await tl.memory.flags()).toEqual([])
})

test('whoever builds on what does not hold is flagged from the beginning, but not for what it replaces', async () => {
  await using tl = await fresh()
  const { fact, root, first } = await chain(tl)
  await tl.memory.withdraw(root, { because: 'it was a rumour' })
  const onRoot = await fact('late', root)
  const onFlagged = await fact('later', first)
  expect(await tl.memory.flags([onRoot.id, onFlagged.id])).toMatchObject([
    { item: onRoot.id, origin: root, via: root },
    { item: onFlagged.id, origin: root, via: first },
  ])
  const next = await tl.memory.remember({
    kind: 'fact',
    subject: 'first',
    statement: 'Looked at anew',
    supersedes: first,
    links: [{ type: 'derived_from', to: first }],
  })
  expect(await tl.memory.flags([next.id])).toEqual([])
})

test('of what is recorded upon an item while it is withdrawn, nothing slips through', async () => {
  await using tl = await fresh()
  const { fact, root } = await chain(tl)
  const [, ...late] = await Promise.all([
    tl.memory.withdraw(root, { because: 'it was a rumour' }),
    ...Array.from({ length: 12 }, (_, n) => fact(`late ${n}`, root)),
  ])
  const flagged = new Set((await tl.memory.flags()).map(({ item }) => item))
  expect(late.filter(({ id }) => !flagged.has(id))).toEqual([])
})

test('a circle of grounds ends, and a rebuild finds the flags that were raised', async () => {
  await using tl = await fresh()
  const { fact, root, second } = await chain(tl)
  await fact('round', second, root)
  await tl.memory.withdraw(root, { because: 'it was a rumour' })
  const before = await tl.memory.flags()
  await tl.rebuild()
  expect(await tl.memory.flags()).toEqual(before)
  expect(before).toHaveLength(3)
})

test('an answer ends its question, once it holds', async () => {
  await using tl = await fresh()
  const ask = () => tl.memory.remember({ kind: 'question', subject: 'rent', statement: 'Who pays?' })
  const answer = (to: string, status: 'active' | 'proposed' = 'active') =>
    tl.memory.remember({
      kind: 'fact',
      subject: 'rent',
      statement: 'The tenant pays',
      status,
      links: [{ type: 'answers', to }],
    })
  const [first, second] = [await ask(), await ask()]
  const said = await answer(first.id)
  expect(await tl.memory.get(first.id)).toMatchObject({ status: 'fulfilled', change: { by: said.id } })
  const proposed = await answer(second.id, 'proposed')
  expect((await tl.memory.get(second.id)).status).toBe('active')
  await tl.memory.accept(proposed.id, { because: 'the contract says so' })
  expect((await tl.memory.get(second.id)).status).toBe('fulfilled')
  await expect(answer(said.id)).rejects.toMatchObject({ code: 'bad_item', message: /only a question/ })
  await expect(answer('item_none')).rejects.toMatchObject({ code: 'bad_item', message: /item_none/ })
})

test('links are seen from both ends, and several items can be superseded at once', async () => {
  await using tl = await fresh()
  const { root, first, beside } = await chain(tl)
  expect(await tl.memory.linksTo(root)).toEqual([{ type: 'derived_from', from: first }])
  const both = await tl.memory.remember({
    kind: 'fact',
    subject: 'both',
    statement: 'One instead of two',
    links: [root, beside].map((to) => ({ type: 'supersedes', to })),
  })
  for (const id of [root, beside])
    expect(await tl.memory.get(id)).toMatchObject({ status: 'superseded', change: { by: both.id } })
  await expect(
    tl.memory.supersede(root, { kind: 'fact', subject: 'x', statement: 'again' }),
  ).rejects.toMatchObject({ code: 'item_over', message: expect.stringContaining(both.id) })
})

test('what is worded alike is suggested, and not linked already', async () => {
  await using tl = await fresh()
  const one = { kind: 'fact', subject: 'vendor:acme', statement: 'Acme has no audit report' } as const
  const first = await tl.memory.remember(one)
  const second = await tl.memory.remember({ ...one, statement: 'The audit report of Acme has arrived' })
  await tl.memory.remember({ ...one, subject: 'weather', statement: 'It rains' })
  const near = await tl.memory.possibleConflicts(second.id)
  expect(near.map(({ item }) => item.id)).toEqual([first.id])
  expect(await tl.memory.conflicts()).toEqual([])
  const links = [{ type: 'contradicts', to: second.id }] as const
  const third = await tl.memory.remember({ ...one, statement: 'There is an audit report of Acme', links })
  const others = (await tl.memory.possibleConflicts(third.id)).map(({ item }) => item.id)
  expect(others).toEqual([first.id])
})

test('a brief says what rests on what no longer holds', async () => {
  await using tl = await fresh()
  const thread = await tl.threads.open({ goal: 'Renew the lease' })
  const { root, first } = await chain(tl)
  const before = await tl.brief(thread.id, { for: 'bo' })
  await tl.acknowledge(before.id, { digest: before.digest, by: 'bo' })
  await tl.memory.withdraw(root, { because: 'it was a rumour' })
  const { markdown } = await tl.brief(thread.id, { for: 'bo' })
  const look = `- Look again at ${first}: it rests on ${root}, which is withdrawn\n`
  expect(markdown).toContain(`[${first} v1]\n${look}`)
  const changed = markdown.slice(markdown.indexOf('## Changed'))
  expect(changed).toContain(look)
})
