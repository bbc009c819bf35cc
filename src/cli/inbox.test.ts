import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { kept } from '../../test/printed.ts'
import { open } from '../app/index.ts'
import { task } from '../task/index.ts'
import { lineOf } from './event-line.ts'
import { perform } from './program.ts'

const buying = task({
  name: 'buying',
  async run(ctx) {
    const centre = await ctx.ask('Which cost centre?\nIt has four digits. \u001b[2J', {
      schema: z.string().regex(/^\d{4}$/),
      to: 'finance',
      about: { item: 'desk', note: 'two\u001b[2J lines\nof it' },
    })
    const { approved, edits } = await ctx.approve('the order', {
      proposal: { item: 'desk', count: 2, centre },
      to: 'lead',
      timeout: '2d',
    })
    const when = await ctx.ask('When?', { choices: ['now', 'next week'] })
    return { centre, approved, edits: edits.length, when }
  },
})

let folder = ''
let store = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-inbox-'))
  store = join(folder, 't.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a command answers, and how it ends. */
async function said(...args: string[]) {
  const printed = { ...kept(), width: 200, isJson: args.includes('--json') }
  const code = await perform([...args, '--store', store], printed)
  return { code, text: printed.lines.join('\n') }
}

const json = async (...args: string[]): Promise<unknown> => JSON.parse((await said(...args, '--json')).text)

/** The run goes on until it waits again, or ends. */
async function carried(id?: string): Promise<string> {
  const tl = await open({ store, tasks: [buying] })
  const run = id === undefined ? await tl.start(buying, {}) : await tl.run(id)
  const isAsking = async () =>
    (await tl.inbox.list()).questions.length > 0 && (await run.status()) === 'waiting'
  while (!(await isAsking()) && (await run.status()) !== 'done')
    await new Promise((resolve) => setTimeout(resolve, 5))
  await tl.close()
  return run.id
}

/** What is shown of a run to whoever follows it. */
async function lines(id: string): Promise<readonly string[]> {
  const tl = await open({ store, worker: false })
  const events = await Array.fromAsync((await tl.run(id)).history())
  await tl.close()
  return events.flatMap((event) => lineOf(event)?.text ?? [])
}

interface Told {
  readonly questions: readonly { readonly id: string; readonly digest: string }[]
}

const first = async () => {
  const [question] = ((await json('inbox', 'list')) as Told).questions
  if (!question) throw new Error('nothing is asked')
  return question
}

test('questions are listed, looked at and answered, and every step says the next', async () => {
  expect((await said('inbox', 'list')).code).not.toBe(0) // there is no store yet
  const run = await carried()
  const { id } = await first()

  const listed = await said('inbox', 'list', '--to', 'finance')
  expect(listed.text).toContain(`${id}  finance  Which cost centre?`)
  expect(listed.text).toContain(`throughline inbox show ${id}`)
  expect((await said('inbox', 'list', '--to', 'lead')).text).toBe('Nothing is asked.')

  const shown = await said('inbox', 'show', id)
  expect(shown.text).toContain('It has four digits.')
  expect(shown.text).toContain('"item": "desk"')
  expect(shown.text).toContain(`throughline inbox answer ${id} `)
  expect(shown.text + listed.text).not.toMatch(/[^\P{Cc}\n]/u)

  const { text } = await said('show', run)
  expect(text).toContain('waits for finance to answer "Which cost centre?')
  expect(text).toContain(`throughline inbox answer ${id}`)
  const brief = await said('brief', run)
  expect(brief.text).toContain(`Waits for finance to answer ${id}: Which cost centre?`)
  expect(brief.text).toContain(`throughline inbox show ${id}`)

  const wrong = await said('inbox', 'answer', id, '12', '--by', 'ada')
  expect(wrong.code).toBe(2)
  const answered = await said('inbox', 'answer', id, '4711', '--by', 'ada', '--reason', 'It is theirs')
  expect(answered).toMatchObject({ code: 0 })
  expect(answered.text).toContain(`ada has answered ${id}.`)
  expect(answered.text).toContain(`throughline resume ${run}`)
  const late = await said('inbox', 'answer', id, '4712', '--by', 'bo')
  expect(late.code).toBe(2)
  expect(late.text).toContain('answered by ada')
  expect((await said('inbox', 'list', '--status', 'answered')).text).toMatch(/answered: 4711 \(ada\)/)

  const taking = await said('show', run)
  expect(taking.text).toContain('takes the answer of ada to "Which cost centre?')
  expect(taking.text).not.toContain('inbox answer')

  await carried(run)
  const drawn = await said('show', run)
  expect(drawn.text).toMatch(/✓ ask Which cost centre\? .*4711 \(ada: It is theirs\)/)
  const followed = await lines(run)
  expect(followed).toContainEqual(expect.stringContaining(`asked of finance: throughline inbox show ${id}`))
  expect(followed).toContainEqual(expect.stringMatching(/4711 \(ada: It is theirs\)$/))
  const approval = await first()
  expect((await said('show', run)).text).toContain(`throughline inbox show ${approval.id}`)
  expect((await said('brief', run)).text).toContain('Which cost centre?')
  const unseen = await said('inbox', 'answer', approval.id, 'approve', '--by', 'ada')
  expect(unseen.code).toBe(2)
  expect(unseen.text).toContain('--digest')
  const other = await said('inbox', 'answer', approval.id, 'approve', '--digest', 'abc', '--by', 'ada')
  expect(other.code).toBe(2)
  expect((await said('inbox', 'show', approval.id)).text).toContain(
    `answer ${approval.id} approve --digest ${approval.digest}`,
  )
  writeFileSync(join(folder, 'edited.json'), JSON.stringify({ item: 'desk', count: 1, centre: '4711' }))
  const edited = ['--edited', `@${join(folder, 'edited.json')}`]
  const told = await json(
    'inbox',
    'answer',
    approval.id,
    'approve',
    '--digest',
    approval.digest,
    ...edited,
    '--by',
    'cy',
  )
  expect(told).toMatchObject({
    status: 'answered',
    isCarried: false,
    answer: { by: 'cy', edits: [{ path: 'count', was: 2, is: 1 }] },
  })

  await carried(run)
  const choice = await first()
  expect((await said('inbox', 'show', choice.id)).text).toContain(`inbox answer ${choice.id} 'next week'`)
  expect((await said('inbox', 'answer', choice.id, 'never', '--by', 'ada')).code).toBe(2)
  expect((await said('inbox', 'answer', choice.id, 'next week', '--by', 'ada')).code).toBe(0)
  await carried(run)
  expect(await json('show', run)).toMatchObject({
    status: 'done',
    output: { centre: '4711', approved: true, edits: 1, when: 'next week' },
  })
  const done = await said('brief', run)
  expect(done.text).toContain('cy said: approved; changed count from 2 to 1')
  expect(done.text).toContain('ada said: 4711 (It is theirs)')
})

test.each([
  [['inbox', 'show', 'q_none']],
  [['inbox', 'answer', 'q_none', 'yes']],
  [['inbox', 'list', '--status', 'late']],
  [['inbox', 'list', '--limit', 'many']],
])('%j is a request that cannot be met, and says so', async (args) => {
  await carried()
  const { code, text } = await said(...args)
  expect(code).toBe(2)
  expect(text).not.toMatch(/at .*\.ts:\d+/)
})
