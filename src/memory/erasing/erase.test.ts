import { expect, test } from 'vitest'
import { task } from '../../task/index.ts'
import { replay, testbed } from '../../testing/index.ts'

const SECRET = 'Jane Doe asked for a refund of 4711 crowns'

const recalling = task({
  name: 'recalling',
  async run(ctx, query: string) {
    const found = await ctx.recall({ query })
    return ctx.step('answer', () => `They said: ${found[0]?.item.statement ?? 'nothing'}`)
  },
})
const parent = task({
  name: 'parent',
  async run(ctx, query: string) {
    const answer = await ctx.call(recalling, query)
    await ctx.wait('go')
    return answer
  },
})
const other = task({ name: 'other', run: (ctx) => ctx.step('one', () => 'nothing of theirs') })
const noting = task({
  name: 'noting',
  run: (ctx) => ctx.remember({ kind: 'fact', subject: 'customer:42', statement: SECRET }),
})

const bedOf = () => testbed({ tasks: [recalling, parent, other, noting] })
const why = { because: 'ticket 17', by: 'dpo' }

test('what is kept of a subject goes, and the record of whoever knew it; that it was stays', async () => {
  const bed = await bedOf()
  const { tl } = bed
  const noted = await bed.start(noting, undefined)
  await bed.settle()
  const { id } = (await noted.result()) as { readonly id: string }
  await tl.memory.withdraw(id, { because: 'it was settled', by: 'ada' })
  await tl.memory.remember({ kind: 'fact', subject: 'customer:42', statement: SECRET })
  const stays = await tl.memory.remember({ kind: 'fact', subject: 'customer:421', statement: 'Pays at once' })
  const asked = await bed.start(recalling, 'who asked for a refund')
  const above = await bed.start(parent, 'who asked for a refund')
  const besides = await bed.start(other, undefined)
  await bed.settle()
  expect(await asked.result()).toContain('4711')
  const brief = await tl.brief(above.id, { for: 'ada' })
  await tl.acknowledge(brief.id, { digest: brief.digest, by: 'ada' })
  const [before] = await tl.memory.history(id)

  const wanted = await tl.memory.erase('customer:42', { ...why, dryRun: true })
  const found = async () => (await tl.memory.recall({ query: 'refund' })).map(({ item }) => item.subject)
  expect(await found()).toContain('customer:42')
  const erased = await tl.memory.erase('customer:42', why)
  expect(erased).toMatchObject({ versions: 3, state: 'done', events: wanted.events, bytes: wanted.bytes })
  expect(wanted).toMatchObject({ ...erased, ids: [], state: 'dry_run' })
  const runs = [noted.id, asked.id, above.id]
  expect(erased.runs).toEqual(expect.arrayContaining(runs))
  expect(erased.runs).not.toContain(besides.id)
  expect(erased.briefs).toEqual([above.id])

  const versions = await tl.memory.history(id)
  expect(
    versions.map(({ version, status, statement, subject }) => [version, status, statement, subject]),
  ).toEqual([
    [1, 'erased', '', ''],
    [2, 'erased', '', ''],
  ])
  expect(versions[0]).toMatchObject({ id, kind: 'fact', recordedAt: before?.recordedAt, author: '' })
  expect((await tl.memory.get(stays.id)).statement).toBe('Pays at once')
  expect(await found()).not.toContain('customer:42')
  expect(await tl.memory.asOf(new Date(bed.clock.now()), {})).toMatchObject([{ id: stays.id }])
  await expect(tl.memory.fulfil(id, { because: 'x' })).rejects.toMatchObject({ code: 'item_over' })

  for (const run of runs) {
    const handle = await bed.run(run)
    expect(await handle.status()).toBe('erased')
    for (const refused of [
      handle.result(),
      handle.resume(),
      handle.signal('go'),
      handle.cancel(),
      handle.brief(),
      handle.fork({ at: 1 }),
      replay(handle.history(), recalling),
    ])
      await expect(refused).rejects.toMatchObject({
        code: 'run_erased',
        message: expect.stringContaining(run),
      })
  }
  await expect(tl.acknowledge(brief.id, { digest: brief.digest, by: 'ada' })).rejects.toMatchObject({
    code: 'brief_unknown',
  })
  expect(await besides.result()).toBe('nothing of theirs')
  expect(await tl.verify()).toMatchObject({ breaks: [] })
  await bed.close()
})

test('the views made anew say the same, and bring nothing back', async () => {
  const bed = await bedOf()
  const { tl } = bed
  await bed.start(noting, undefined, { key: 'k' })
  await bed.start(recalling, 'refund')
  await bed.settle()
  const erased = await tl.memory.erase({ subject: 'customer:42' }, why)
  await tl.memory.remember({ kind: 'fact', subject: 'customer:42', statement: 'A new one' })
  const tables = ['items', 'item_links', 'runs', 'keys', 'inbox', 'plans', 'briefs', 'acknowledgements']
  const views = async () => Promise.all(tables.map((table) => tl.log.select(table, {})))
  const before = await views()
  await tl.rebuild()
  expect(await views()).toEqual(before)
  expect(JSON.stringify(before)).not.toMatch(/Jane|4711|refund/)
  const record = await Array.fromAsync(tl.history(`erasure:${erased.ids[0]}/`))
  expect(record).toHaveLength(1)
  expect(record[0]?.body).toMatch(/"by":"dpo".*"because":"ticket 17"/s)
  expect(record[0]?.body).not.toMatch(/Jane|4711|customer:42/)
  await bed.close()
})

test('a run in the middle of its work stops, and whoever waits for it is told', async () => {
  const bed = await bedOf()
  await bed.tl.memory.remember({ kind: 'fact', subject: 'customer:42', statement: SECRET })
  const run = await bed.start(parent, 'refund')
  await bed.settle()
  expect(await run.status()).toBe('waiting')
  const waits = run.result()
  waits.catch(() => {})
  await bed.tl.memory.erase('customer:42', why)
  await bed.settle()
  await expect(waits).rejects.toMatchObject({ code: 'run_erased' })
  await bed.clock.advance('1h')
  await bed.crash()
  expect(await (await bed.run(run.id)).status()).toBe('erased')
  expect((await bed.tl.verify()).breaks).toEqual([])
  await bed.close()
})

test('a person, an item; what is not there; what cannot be asked', async () => {
  const bed = await bedOf()
  const { memory } = bed.tl
  const one = await memory.remember({ kind: 'fact', subject: 'a', statement: 'By Ada' }, { by: 'ada' })
  const two = await memory.remember({ kind: 'fact', subject: 'a', statement: 'By Bo' }, { by: 'bo' })
  expect(await memory.erase({ person: 'ada' }, why)).toMatchObject({ items: [one.id], versions: 1 })
  expect((await memory.get(two.id)).statement).toBe('By Bo')
  expect(await memory.erase({ item: two.id }, why)).toMatchObject({ items: [two.id] })
  expect(await memory.erase({ item: two.id }, why)).toMatchObject({ items: [], ids: [], state: 'done' })
  const at = await bed.tl.log.position()
  expect(await memory.erase('nobody', why)).toMatchObject({ items: [], runs: [], events: 0 })
  await expect(memory.erase({ item: 'item_none' }, why)).rejects.toMatchObject({ code: 'item_not_found' })
  for (const what of ['', {}, { subject: 1 }, { subject: 'a', person: 'b' }, { scope: 'a' }, null])
    await expect(memory.erase(what as never, why)).rejects.toMatchObject({ code: 'bad_erasure' })
  await expect(memory.erase('jane', { because: 'jane asked' })).rejects.toMatchObject({ code: 'bad_erasure' })
  await expect(memory.erase({ person: 'jane' }, { by: 'jane' })).rejects.toMatchObject({
    code: 'bad_erasure',
  })
  expect(await bed.tl.log.position()).toBe(at)
  await bed.close()
})

const reader = task({
  name: 'reader',
  async run(ctx) {
    const told = await ctx.brief?.read()
    await ctx.brief?.acknowledge()
    return told?.markdown
  },
})
const handing = task({
  name: 'handing',
  async run(ctx, query: string) {
    await ctx.recall({ query })
    await ctx.step('said', () => 'They were told by telephone')
    return (await ctx.handoff({ to: reader, input: undefined, reason: 'ask them what they think of it' })).by
  },
})
const waiting = task({
  name: 'waiting',
  async run(ctx) {
    return (await ctx.handoff({ to: 'ops', reason: 'Somebody has to look at it' })).by
  },
})

test('whoever read a brief of such a run goes too; a handoff that somebody waits for stays', async () => {
  const bed = await testbed({ tasks: [handing, reader, waiting] })
  const { tl } = bed
  const still = await bed.start(waiting, undefined)
  await bed.settle()
  await tl.memory.remember({ kind: 'fact', subject: 'customer:42', statement: SECRET })
  const run = await bed.start(handing, 'refund')
  await bed.settle()
  const [read] = (await tl.runs.list({ task: 'reader' })).runs
  const other = read?.id ?? ''
  expect(await (await bed.run(other)).result()).toContain('by telephone')
  const brief = await tl.brief(still.id)
  expect(brief.markdown).toContain(SECRET)
  expect(new Set((await tl.memory.erase('customer:42', why)).runs)).toEqual(new Set([run.id, other]))
  const { markdown, id, digest } = await tl.brief(still.id, { for: 'ops' })
  expect(markdown).not.toContain(SECRET)
  await tl.acknowledge(id, { digest, by: 'ops' })
  await bed.settle()
  expect(await still.result()).toBe('ops')
  const views = async () =>
    Promise.all(['handoffs', 'briefs', 'acknowledgements', 'runs'].map((table) => tl.log.select(table, {})))
  const before = await views()
  await tl.rebuild()
  expect(await views()).toEqual(before)
  expect((await tl.verify()).breaks).toEqual([])
  await bed.close()
})

test('a run that was called in vain beside it keeps its record; what it was told word for word, it loses', async () => {
  const told = task({ name: 'told', run: (ctx, what: string) => ctx.step('hear', () => what) })
  const asking = task({
    name: 'asking',
    async run(ctx, query: string) {
      const before = await ctx.call(told, 'something else altogether', { name: 'before' })
      const [found] = await ctx.recall({ query })
      await ctx.call(told, found?.item.statement ?? '', { name: 'after' })
      return before
    },
  })
  const above = task({
    name: 'above',
    async run(ctx, query: string) {
      await ctx.call(told, 'nothing of interest', { name: 'besides' })
      return ctx.call(asking, query)
    },
  })
  const bed = await testbed({ tasks: [told, asking, above] })
  await bed.tl.memory.remember({ kind: 'fact', subject: 'customer:42', statement: SECRET })
  await bed.start(above, 'refund')
  await bed.settle()
  await bed.tl.memory.erase('customer:42', why)
  const { runs } = await bed.tl.runs.list()
  const left = runs.filter(({ status }) => status !== 'erased')
  // Of the four below and above, only what the topmost did beside it.
  expect(runs.length).toBe(5)
  expect(left.map(({ task: name, parent }) => [name, parent !== undefined])).toEqual([['told', true]])
  await bed.close()
})
