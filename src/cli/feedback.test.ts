import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open, task } from 'throughline'
import { kept } from '../../test/printed.ts'
import { perform } from './program.ts'

let [folder, store, run] = ['', '', '']
const index = fileURLToPath(new URL('../index.ts', import.meta.url))
const sorting = task({
  name: 'sorting',
  run: () => ({ rows: [{ payee: 'Acme', category: 'Other', net: 42 }] }),
})

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-feedback-'))
  store = join(folder, 'f.db')
  // The file has a rule, which the process that carried the run did not know.
  const file = join(folder, 'sorting.ts')
  writeFileSync(
    file,
    `import { task } from ${JSON.stringify(index)}
export const sorting = task({
  name: 'sorting',
  run: () => undefined,
  feedback: ({ is, keys }, output) => ({ subject: 'payee:' + output.rows[keys[1]].payee, predicate: 'category', value: is, statement: 'Acme is ' + is }),
})`,
  )
  const tl = await open({ store, tasks: [sorting] })
  const handle = await tl.start(sorting, {}, { scope: 'shop', source: file })
  await handle.result()
  run = handle.id
  await tl.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a command answers, and how it ends. */
async function said(...args: string[]) {
  const printed = kept()
  const code = await perform([...args, '--store', store], printed)
  return { code, text: printed.lines.join('\n') }
}
const correct = (is: string, ...more: string[]) =>
  said('feedback', run, '--path', 'rows[0].category', '--was', 'Other', '--is', is, ...more)

test("a person corrects, the task's rule is found where the run came from, and show tells both", async () => {
  const given = await correct('Travel', '--because', 'a taxi firm', '--by', 'ada')
  expect(given).toMatchObject({ code: 0, text: expect.stringContaining('"Other" → "Travel"') as unknown })
  const item = /item_\w+/.exec(given.text)?.[0] ?? ''
  expect((await said('memory', 'show', item)).text).toMatch(/Acme is Travel[^]*a taxi firm/)
  const shown = await said('show', run)
  expect(shown.text).toMatch(/corrected in one place\n {2}rows\[0\]\.category {2}"Other" → "Travel"/)
  expect(shown.text).toContain(`ada: a taxi firm  became ${item}`)
})

test('text that could be JSON is meant as JSON unless it is quoted', async () => {
  const net = ['feedback', run, '--path', 'rows[0].net', '--no-convention'] as const
  expect((await said(...net, '--was', '"42"', '--is', '43')).text).toContain('feedback_stale')
  expect((await said(...net, '--was', '42', '--is', '43')).code).toBe(0)
})

test('whoever asks makes a convention of it, or none', async () => {
  expect((await correct('Travel', '--no-convention')).text).not.toContain('convention')
  const given = await said(
    ...['feedback', run, '--path', 'rows[0].payee', '--was', 'Acme', '--is', 'ACME Ltd'],
    ...['--as-convention', '{"subject":"payee:Acme"}'],
  )
  expect(given.text).toContain('It became a convention')
})

test.each([
  [['--was', 'Other'], 'bad_request'],
  [['--was', 'Other', '--is', 'x', '--no-convention', '--as-convention'], 'bad_request'],
  [['--was', 'Other', '--is', 'x', '--as-convention', '[1]'], 'bad_request'],
  [['--was', 'Other', '--is', 'x', '--path', 'rows[7]'], 'bad_feedback'],
  [['--was', 'Mine', '--is', 'x', '--path', 'rows[0].category'], 'feedback_stale'],
])('what cannot be is refused: %j', async (args, code) => {
  const answer = await said('feedback', run, ...args)
  expect(answer.code).toBeGreaterThan(0)
  expect(answer.text).toContain(code)
})
