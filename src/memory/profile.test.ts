import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const DAY = 86_400_000
const asking = task({
  name: 'asking',
  run: async (ctx, query: string) => (await ctx.recall({ query })).map(({ item }) => item.id),
})

test('a profile says what is live, due, stale, expired, flagged, in conflict, and of no use to anybody', async () => {
  const bed = await testbed({ tasks: [asking] })
  const { memory } = bed.tl
  const inDays = (n: number) => new Date(bed.clock.now() + n * DAY)
  const add = async (subject: string, more: object = {}) =>
    (await memory.remember({ kind: 'fact', subject, statement: `About ${subject}`, scope: 'acme', ...more }))
      .id
  const ids = {
    plain: await add('plain'),
    late: await add('late', { kind: 'commitment', dueAt: inDays(1) }),
    soon: await add('soon', { kind: 'commitment', dueAt: inDays(20) }),
    someday: await add('someday', { kind: 'commitment', dueAt: inDays(90) }),
    stale: await add('stale', { reviewAt: inDays(2) }),
    expired: await add('expired', { validTo: inDays(3) }),
    proposed: await add('proposed', { status: 'proposed' }),
    known: await add('known'),
    below: await add('below', { scope: 'acme/purchasing' }),
  }
  const ground = await add('ground')
  const flagged = await add('flagged', { links: [{ type: 'derived_from', to: ground }] })
  await memory.withdraw(ground, { because: 'a rumour' })
  const about = { predicate: 'price', scope: 'acme' }
  const cheap = await add('price', { ...about, value: 1 })
  const dear = await add('price', { ...about, value: 2 })
  const ruled = await add('ruled', {
    kind: 'constraint',
    rule: { target: 'order', forbid: 'value.total > 1000' },
  })
  await add('beside', { scope: 'acme-two' })
  await bed.clock.advance('10d')
  const run = await bed.start(asking, 'known', { scope: 'acme' })
  expect(await run.result()).toContain(ids.known)

  const profile = await memory.profile('acme')
  const idsOf = (name: 'due' | 'stale' | 'expired' | 'proposed' | 'flagged' | 'unused') =>
    profile[name].items.map(({ id }) => id)
  expect(profile.live.byKind).toEqual({ fact: 7, commitment: 3, constraint: 1 })
  expect(idsOf('due')).toEqual([ids.late, ids.soon])
  expect(idsOf('stale')).toEqual([ids.stale])
  expect(profile.expired.items).toMatchObject([{ id: ids.expired, status: 'expired' }])
  expect(idsOf('proposed')).toEqual([ids.proposed])
  expect(idsOf('flagged')).toEqual([flagged])
  expect(profile.flagged.flags).toMatchObject([{ item: flagged, origin: ground }])
  expect(profile.conflicts.map(({ items }) => items.map(({ id }) => id))).toEqual([[cheap, dear]])
  expect(idsOf('unused')).toContain(ids.plain)
  for (const used of [ids.known, cheap, ruled]) expect(idsOf('unused')).not.toContain(used)

  // Whoever was told of it in a brief has been told.
  await bed.tl.brief(run.id)
  expect((await memory.profile('acme')).unused.items.map(({ id }) => id)).toEqual([ids.below])
  await bed.tl.rebuild()
  expect((await memory.profile('acme')).unused.items.map(({ id }) => id)).toEqual([ids.below])
  expect((await memory.profile()).live.count).toBe(12)
  await expect(memory.profile('../x')).rejects.toMatchObject({ code: 'bad_item' })
})
