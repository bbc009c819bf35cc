import { expect, test } from 'vitest'
import { task } from '../task/index.ts'
import { testbed } from '../testing/testbed.ts'

const many = task({
  name: 'many',
  async run(ctx, input) {
    const asked = Array.from({ length: Number(input) }, (_, i) => i)
    const answers = await ctx.map(
      'ask',
      asked,
      (branch, i) => branch.ask(`Is ${i} even?`, { to: i % 2 === 0 ? 'even' : 'odd' }),
      { concurrency: asked.length },
    )
    return answers.filter(Boolean).length
  },
})
const one = task({ name: 'one', run: (ctx) => ctx.ask('Anybody?') })

test('questions are listed oldest first, a page at a time, by whom, run and task', async () => {
  const bed = await testbed({ tasks: [many, one] })
  const run = await bed.start(many, 7)
  await bed.start(one, {})
  await bed.settle()
  const { inbox } = bed.tl
  const pages: string[][] = []
  for (let cursor: string | undefined; pages.length === 0 || cursor !== undefined;) {
    const page = await inbox.list({ limit: 3, run: run.id, ...(cursor === undefined ? {} : { cursor }) })
    pages.push(page.questions.map(({ question }) => question))
    cursor = page.cursor
  }
  expect(pages.map((page) => page.length)).toEqual([3, 3, 1])
  expect(pages.flat()).toEqual(Array.from({ length: 7 }, (_, i) => `Is ${i} even?`))
  expect((await inbox.list({ to: 'odd' })).questions).toHaveLength(3)
  expect((await inbox.list({ to: 'nobody' })).questions).toHaveLength(0)
  expect((await inbox.list({ task: 'one' })).questions).toMatchObject([{ to: undefined, task: 'one' }])
  expect((await inbox.list()).questions).toHaveLength(8)
  await bed.close()
})

test('a hundred and fifty questions of one run are open together, and each takes its own answer', async () => {
  const bed = await testbed({ tasks: [many] })
  const run = await bed.start(many, 150)
  await bed.settle()
  const { questions } = await bed.tl.inbox.list({ limit: 1000 })
  expect(questions).toHaveLength(150)
  for (const { id, question } of questions)
    await bed.tl.inbox.answer(id, Number(/\d+/.exec(question)?.[0]) % 2 === 0, { by: 'ada' })
  await bed.settle()
  expect(await run.result()).toBe(75)
  expect((await bed.tl.inbox.list({ status: 'answered', limit: 1000 })).questions).toHaveLength(150)
  await bed.close()
})

test('rebuilt from the record, the inbox is the same', async () => {
  const bed = await testbed({ tasks: [many, one] })
  const run = await bed.start(many, 5)
  const other = await bed.start(one, {})
  await bed.settle()
  const { inbox } = bed.tl
  const { questions } = await inbox.list({ run: run.id })
  for (const { id } of questions.slice(0, 2)) await inbox.answer(id, true, { by: 'ada', reason: 'Looked' })
  await other.cancel()
  await bed.settle()
  const every = { status: ['open', 'answered', 'closed', 'expired'] } as const
  const before = await inbox.list(every)
  expect(before.questions.map(({ status }) => status).toSorted()).toEqual([
    'answered',
    'answered',
    'closed',
    'open',
    'open',
    'open',
  ])
  await bed.tl.rebuild()
  expect(await inbox.list(every)).toEqual(before)
  await bed.close()
})

test('an exported run takes its questions along, and is answered where it came to', async () => {
  const [here, there] = [await testbed({ tasks: [one] }), await testbed({ tasks: [one] })]
  const run = await here.start(one, {})
  await here.settle()
  const lines = await Array.fromAsync(here.tl.export({ run: run.id }))
  await here.close()
  await there.tl.import(lines)
  await there.settle()
  const [question] = (await there.tl.inbox.list()).questions
  await there.tl.inbox.answer(question?.id ?? '', 'me', { by: 'ada' })
  await there.settle()
  expect(await (await there.run(run.id)).result()).toBe('me')
  await there.close()
})

test('an erased run leaves no question behind, whoever answered', async () => {
  const talking = task({
    name: 'talking',
    async run(ctx) {
      await ctx.remember({ kind: 'fact', subject: 'Zoe Example', statement: 'wants to be called' })
      const answer = await ctx.ask('May we call Zoe Example?', { about: { phone: '555 0199' } })
      return [answer, await ctx.ask('When?')]
    },
  })
  const bed = await testbed({ tasks: [talking, one] })
  await bed.start(talking, {})
  await bed.start(one, {})
  await bed.settle()
  const { inbox } = bed.tl
  const [first] = (await inbox.list({ task: 'talking' })).questions
  await inbox.answer(first?.id ?? '', 'yes', { by: 'bo' })
  await bed.settle()
  const { runs } = await bed.tl.memory.erase({ subject: 'Zoe Example' }, { by: 'ada' })
  expect(runs).toEqual([first?.run])
  await expect(inbox.get(first?.id ?? '')).rejects.toMatchObject({ code: 'question_not_found' })
  const { questions } = await inbox.list({ status: ['open', 'closed', 'answered'] })
  expect(questions.map(({ task: of }) => of)).toEqual(['one'])
  const text = (await Array.fromAsync(bed.tl.export())).join('')
  expect(text).not.toContain('555 0199')
  await bed.tl.rebuild()
  expect((await inbox.list({ status: ['open', 'closed', 'answered'] })).questions).toEqual(questions)
  await bed.close()
})
