import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kept } from '../../test/printed.ts'
import { open } from '../app/index.ts'
import { tasksOf } from './module.ts'
import { perform } from './program.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-boundary-'))
  file = join(folder, 'intake.ts')
  writeFileSync(
    file,
    `import { task } from ${JSON.stringify(fileURLToPath(new URL('../index.ts', import.meta.url)))}
export const page = task({
  name: 'page',
  boundary: { budget: { steps: 2 } },
  run: (ctx) => ctx.step('read', () => 1),
})
export const intake = task({
  name: 'intake',
  boundary: {
    budget: { costUsd: 5, steps: 3, duration: '90m' },
    tools: { allow: ['search'], limits: { search: 4 } },
    effects: ['read'],
    egress: { allowHosts: [] },
    invariants: { adds: { at: 'priced', holds: () => true } },
  },
  async run(ctx) {
    await ctx.step('open', () => 1)
    return ctx.call(page, undefined)
  },
})
export const free = task({ name: 'free', run: () => 1 })
`,
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const store = () => join(folder, 't.db')
async function said(...args: string[]) {
  const printed = { ...kept(), isJson: args.includes('--json') }
  const code = await perform(['boundary', ...args, '--store', store()], printed)
  return { code, text: printed.lines.join('\n') }
}

test('a boundary is read out from its file, without a store', async () => {
  const { code, text } = await said(file, '--task', 'intake')
  expect(code).toBe(0)
  expect(text.split('\n')).toEqual([
    'intake, version 1',
    'A run may cost up to $5, its children included.',
    'A run may make up to 3 attempts of steps, its children included.',
    'A run may call the tool search up to 4 times, its children included.',
    'A model whose price nobody knows is refused.',
    'A run ends 1h 30m after it began, whatever it does.',
    'Only these tools may be called: search.',
    'Tools may be called if they are: read. One that does not say counts as irreversible.',
    'Tools that use the fetch they are given may reach: no host. A connection that a tool or a provider opens by itself is not seen.',
    'The invariant adds holds at priced.',
    'Where a limit would be crossed and nothing else is said, nothing of it is done, and the run halts for a person to look at.',
  ])
  expect((await said(file, '--task', 'free')).text).toBe('Nothing limits free (version 1).')
})

test('with a run: what was spent, by it and by all above it', async () => {
  const { tasks } = await tasksOf(file, kept())
  const tl = await open({ store: store(), tasks })
  const run = await tl.start('intake', undefined, { source: file })
  await run.result()
  const { runs } = await tl.runs.list({ task: 'page' })
  expect(await tl.boundary('intake')).toMatchObject({ task: 'intake', lines: { length: 10 } })
  await expect(tl.boundary('page', { run: run.id })).rejects.toMatchObject({ code: 'bad_request' })
  await tl.close()
  expect((await said('--run', run.id)).text).toContain(
    `Spent by ${run.id} and all below it\n  costUsd        0 of 5\n  steps          2 of 3\n  tool search    0 of 4`,
  )
  const child = (await said('--run', runs[0]?.id ?? '', '--file', file)).text
  expect(child).toContain(`All of ${run.id} may make up to 3 attempts of steps, this run included.`)
  expect(child).toContain(`Spent by ${runs[0]?.id} and all below it\n  steps          1 of 2`)
  expect((await said('intake')).text).toContain('A run may cost up to $5')
  const { run: json } = JSON.parse((await said('--run', run.id, '--json')).text)
  expect(json.spend[0].used).toContainEqual({ what: 'steps', spent: 2, reserved: 0, limit: 3 })
})

test.each([
  ['nothing is named', [], /Say which task/],
  ['a file that is not there', ['./missing.ts'], /There is no file/],
])('is told what is wrong: %s', async (_, args, message) => {
  const printed = kept()
  expect(await perform(['boundary', ...args, '--store', store()], printed)).toBe(2)
  expect(printed.lines.join('\n')).toMatch(message)
})
