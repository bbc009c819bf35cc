import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { kept } from '../../test/printed.ts'
import { perform } from './program.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-memory-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a command answers, and how it ends. */
async function said(...args: string[]) {
  const printed = kept()
  const code = await perform(['memory', ...args, '--store', join(folder, 'm.db')], printed)
  return { code, text: printed.lines.join('\n') }
}
const decide = (choice: string, ...more: string[]) =>
  said('decide', 'vendor:acme', choice, '--because', 'No SOC 2 report', '--by', 'ada', ...more)

test('a person decides, sees, and takes it back', async () => {
  const { text: id } = await decide('excluded', '--scope', 'purchasing')
  expect((await said('list', '--scope', 'purchasing/emea')).text).toContain('vendor:acme: excluded')
  expect((await said('list')).text).toContain(id)
  const shown = await said('show', id)
  expect(shown.text).toContain('No SOC 2 report')
  expect((await said('withdraw', id, '--because', 'the report arrived', '--by', 'bo')).code).toBe(0)
  expect((await said('show', id)).text).toMatch(/v2 .* bo {2}withdrawn: the report arrived/)
  expect((await said('list')).text).toContain('Nothing here')
})

test('a decision against another is kept, and both are named', async () => {
  const { text: first } = await decide('excluded')
  const second = await decide('included')
  expect(second.text).toContain(`throughline memory withdraw ${first}`)
  expect((await said('conflicts')).text).toMatch(/≠ vendor:acme, choice[^]*excluded[^]*included/)
  expect((await decide('included', '--supersedes', first)).code).toBe(0)
  expect((await said('conflicts')).text).toContain('No live items')
})

test('what is due is shown, and what was believed can be asked for', async () => {
  await said('add', 'commitment', 'report', 'Send the report', '--due', '2020-01-01')
  expect((await said('list', '--kind', 'commitment')).text).toContain('due')
  expect((await said('list', '--as-of', '1d')).text).toContain('Nothing here')
})

test.each([
  [['add', 'rumour', 'x', 'y'], 'bad_item'],
  [['add', 'fact', 'x', 'y', '--due', 'soon'], 'bad_request'],
  [['show', 'item_none'], 'store_missing'],
  [['decide', 'x', 'y'], 'bad_request'],
  [['lst'], 'bad_request'],
  [['add', 'fact', 'x', 'y', '--scope', '../z'], 'bad_item'],
  [['add', 'fact', 'x', 'y', '--derived-from', 'item_none'], 'bad_item'],
  [['add', 'fact', 'x', 'y'.repeat(10 << 20)], 'bad_item'],
  [['supersede', 'item_none', 'x', '--because', 'y'], 'store_missing'],
  [['import', '/nowhere/at/all.md'], 'bad_request'],
  [['export', '--format', 'xml'], 'store_missing'],
])('what cannot be is refused: %j', async (args, code) => {
  const answer = await said(...args)
  expect([answer.code, answer.text]).toEqual([2, expect.stringContaining(code)])
})

test('what rests on a withdrawn item is flagged until somebody looks at it', async () => {
  const { text: ground } = await said('add', 'fact', 'acme', 'Acme has no report')
  const { text: on } = await said('add', 'commitment', 'acme', 'Ask again', '--derived-from', ground)
  await said('withdraw', ground, '--because', 'it has one')
  expect((await said('list', '--flagged')).text).toMatch(new RegExp(`${on}.*flagged`))
  expect((await said('show', on)).text).toContain(`it rests on ${ground}, which is withdrawn`)
  expect((await said('show', ground)).text).toContain(`${on} (derived from)`)
  expect((await said('review', on, '--because', 'still to do', '--until', '2099-01-01')).code).toBe(0)
  expect((await said('list', '--flagged')).text).toContain('Nothing here')
})

test('an item is superseded by one about the same, once', async () => {
  const { text: first } = await decide('excluded', '--scope', 'purchasing')
  const { text: next } = await said('supersede', first, 'included', '--because', 'The report arrived')
  const shown = await said('show', next)
  expect(shown.text).toMatch(/vendor:acme: included[^]*purchasing[^]*supersedes item_/)
  const again = await said('supersede', first, 'on hold', '--because', 'later')
  expect(again).toMatchObject({ code: 2, text: expect.stringMatching(`item_over.*${next}`) })
  const late = await said('withdraw', next, '--because', 'x', '--if-version', '7')
  expect(late).toMatchObject({ code: 2, text: expect.stringContaining('item_changed') })
})

test('a question is over when it is answered', async () => {
  const { text: question } = await said('add', 'question', 'rent', 'Who pays?')
  const { text: answer } = await said('add', 'fact', 'rent', 'The tenant', '--answers', question)
  expect((await said('show', question)).text).toMatch(new RegExp(`fulfilled by ${answer}`))
})

test('a profile says what should be looked at', async () => {
  await decide('excluded', '--review', '2020-01-01')
  await decide('included')
  await said('add', 'commitment', 'report', 'Send the report', '--due', '2020-01-01')
  const { text } = await said('profile')
  expect(text).toMatch(/3 live[^]*1 due[^]*Send the report/)
  expect(text).toMatch(/1 to be reviewed[^]*1 in dispute/)
  expect((await said('profile', '../x')).text).toContain('bad_item')
})

test('memory goes out and comes back, as lines and as a text', async () => {
  const { text: id } = await decide('excluded')
  const at = (name: string) => join(folder, name)
  expect((await said('export', '--out', at('m.jsonl'))).code).toBe(0)
  expect((await said('export', '--format', 'markdown', '--out', at('m.md'))).code).toBe(0)
  expect((await said('import', at('m.jsonl'))).text).toMatch('0 changes; 1 as they are here already')
  writeFileSync(
    at('m.md'),
    readFileSync(at('m.md'), 'utf8').replace('No SOC 2 report', 'No report, and no plan for one'),
  )
  expect((await said('import', at('m.md'), '--dry-run')).text).toMatch(
    /~ changed \(because\).*v2[^]*Nothing was/,
  )
  expect((await said('show', id)).text).not.toContain('no plan')
  expect((await said('import', at('m.md'), '--by', 'bo')).text).toMatch(/1 change\./)
  expect((await said('show', id)).text).toMatch(/no plan[^]*v2.* bo /)
  writeFileSync(at('m.md'), '---\nthroughline: memory\nformat: 1\n---\n## rumour\n- subject: x\n')
  expect(await said('import', at('m.md'))).toMatchObject({
    code: 2,
    text: expect.stringMatching(/bad_memory_import[^]*line 5/),
  })
})

test('an editor is opened on it, and what was saved is imported; what is refused is kept', async () => {
  const { text: id } = await decide('excluded')
  vi.stubEnv('VISUAL', "sed -i 's/No SOC 2 report/No report/'")
  expect((await said('edit', id, '--by', 'bo')).text).toContain('1 change.')
  expect((await said('show', id)).text).toMatch(/No report[^]*v2.* bo /)
  expect((await said('edit')).text).toContain('Nothing was changed')
  vi.stubEnv('VISUAL', "sed -i 's/- because:/- becuase:/'")
  const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await said('edit')).toMatchObject({ code: 2, text: expect.stringContaining('becuase') })
  const kept = /kept in (\S+memory\.md)/.exec(String(errors.mock.calls.at(-1)?.[0]))?.[1] ?? ''
  expect(readFileSync(kept, 'utf8')).toContain('becuase')
  rmSync(join(kept, '..'), { recursive: true })
  vi.stubEnv('VISUAL', 'false')
  expect(await said('edit')).toMatchObject({ code: 2, text: expect.stringContaining('code 1') })
  vi.stubEnv('VISUAL', '')
  vi.stubEnv('EDITOR', '')
  expect(await said('edit')).toMatchObject({ code: 2, text: expect.stringContaining('VISUAL or EDITOR') })
  await said('withdraw', id, '--because', 'x')
  expect((await said('edit', id)).text).toContain('nothing to edit')
  vi.unstubAllEnvs()
})

test.each([
  'list',
  'show',
  'recall',
  'conflicts',
  'decide',
  'add',
  'supersede',
  'withdraw',
  'fulfil',
  'accept',
  'review',
  'profile',
  'export',
  'import',
  'edit',
])('%s explains itself, with an example', async (name) => {
  const { code, text } = await said(name, '--help')
  expect([code, text]).toEqual([0, expect.stringContaining(`Example:\n  throughline memory ${name}`)])
})

test('without a word it says what it can do', async () => {
  expect(await said()).toMatchObject({ code: 0, text: expect.stringContaining('conflicts') })
})
