import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
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
])('what cannot be is refused: %j', async (args, code) => {
  const answer = await said(...args)
  expect([answer.code, answer.text]).toEqual([2, expect.stringContaining(code)])
})

test('without a word it says what it can do', async () => {
  expect(await said()).toMatchObject({ code: 0, text: expect.stringContaining('conflicts') })
})
