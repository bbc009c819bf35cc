import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/index.ts'

const reading = task({
  name: 'reading',
  async run(ctx) {
    await ctx.step('open', () => 'page 1')
    await ctx.wait('go')
    await ctx.step('read', () => 'page 2')
    return ctx.wait('end')
  },
})
const bedOf = () => testbed({ tasks: [reading] })

test('a thread put down and picked up three weeks later: where it stood, why, and what is promised to whom', async () => {
  const bed = await bedOf()
  const { tl } = bed
  const { id } = await tl.threads.open({ goal: 'Renew the lease', scope: 'home' }, { by: 'ada' })
  await tl.memory.decide(
    { subject: 'lease', choice: 'two years', because: 'The rent is fixed then', scope: 'home' },
    { by: 'ada' },
  )
  await tl.memory.remember(
    {
      kind: 'commitment',
      subject: 'landlord',
      statement: 'Answer Mr Novak',
      scope: 'home',
      dueAt: new Date(bed.clock.now() + 25 * 86_400_000),
    },
    { by: 'ada' },
  )
  const run = await bed.start(reading, {}, { thread: id })
  await bed.settle()
  await tl.threads.park(id, {
    because: 'The terms come in three weeks',
    nextAction: 'Compare them with the old ones',
    until: new Date(bed.clock.now() + 21 * 86_400_000),
    by: 'ada',
  })
  const put = await tl.brief(id, { for: 'ada' })
  await tl.acknowledge(put.id, { digest: put.digest, by: 'ada' })

  await bed.clock.advance('21d')
  await bed.crash()
  await bed.tl.memory.remember({ kind: 'fact', subject: 'rent', statement: 'It rises by 4 %', scope: 'home' })
  const taken = await bed.tl.brief(id, { for: 'ada' })
  expect(taken.markdown).toContain('parked until')
  expect(taken.markdown).toContain('The terms come in three weeks')
  expect(taken.markdown).toContain('lease: two years. Because: The rent is fixed then.')
  expect(taken.markdown).toMatch(/## Promised\n\n- landlord: Answer Mr Novak\. Due/)
  expect(taken.markdown).toContain(`${run.id} (reading): open: page 1`)
  const news = taken.sections.find(({ name }) => name === 'changed')
  expect(news?.title).toBe(`Changed since ada acknowledged ${put.id}`)
  expect(news?.lines.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^fact recorded: It rises by 4 % \[item_/),
  ])
  await bed.close()
})

test('a reader is bound to a digest that is true; a wrong or an old one is refused, saying what changed', async () => {
  const bed = await bedOf()
  const run = await bed.start(reading, {})
  await bed.settle()
  const first = await bed.tl.brief(run.id)
  const wrong = bed.tl.acknowledge(first.id, { digest: 'f00', by: 'bo' })
  await expect(wrong).rejects.toMatchObject({
    code: 'brief_unknown',
    message: expect.stringContaining(first.digest),
  })
  await expect(bed.tl.acknowledge('brief_none', { digest: 'f00', by: 'bo' })).rejects.toMatchObject({
    code: 'brief_unknown',
  })
  await expect(bed.tl.acknowledge(first.id, { digest: first.digest, by: '' })).rejects.toMatchObject({
    code: 'bad_brief',
  })
  await run.signal('go')
  await bed.settle()
  await bed.tl.memory.decide({ subject: 'x', choice: 'y', because: 'z' })
  const late = bed.tl.acknowledge(first.id, { digest: first.digest, by: 'bo' })
  await expect(late).rejects.toMatchObject({
    code: 'brief_stale',
    data: { changes: [expect.stringMatching(/^decision recorded: x: y/), '2 steps done, the last "read"'] },
  })
  const second = await bed.tl.brief(run.id)
  expect(await bed.tl.acknowledge(second.id, { digest: second.digest, by: 'bo' })).toMatchObject({ by: 'bo' })
  expect((await bed.tl.verify()).breaks).toEqual([])
  await bed.close()
})

test('acknowledging twice is once; what a reader asks is shown until it acknowledges again', async () => {
  const bed = await bedOf()
  const run = await bed.start(reading, {})
  await bed.settle()
  const { id, digest } = await bed.tl.brief(run.id, { for: 'bo' })
  const one = await bed.tl.acknowledge(id, { digest, by: 'bo', questions: ['Who approves?'] })
  expect(await bed.tl.acknowledge(id, { digest, by: 'bo' })).toEqual(one)
  const next = await bed.tl.brief(run.id, { for: 'bo' })
  expect(next.markdown).toContain('bo asks: Who approves?')
  await bed.tl.acknowledge(next.id, { digest: next.digest, by: 'bo' })
  expect((await bed.tl.brief(run.id, { for: 'bo' })).markdown).not.toContain('Who approves?')
  await bed.close()
})

test('asking again for what has not changed writes nothing; since a date or a brief says what is new', async () => {
  const bed = await bedOf()
  const run = await bed.start(reading, {})
  await bed.settle()
  const first = await bed.tl.brief(run.id)
  const at = await bed.tl.log.position()
  expect(await bed.tl.brief(run.id)).toEqual(first)
  expect(await bed.tl.log.position()).toBe(at)
  const noon = new Date(bed.clock.now())
  await bed.clock.advance('1h')
  await run.signal('go')
  await bed.settle()
  for (const since of [noon, first.id]) {
    const { sections } = await bed.tl.brief(run.id, { since })
    expect(sections.find(({ name }) => name === 'changed')?.lines).toEqual([
      { text: '2 steps done, the last "read"' },
    ])
  }
  await bed.close()
})
