import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { open, task } from '../index.ts'
import { kept } from '../../test/printed.ts'
import { erase } from './erase.ts'
import { perform } from './program.ts'

let [folder, store] = ['', '']
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-erase-'))
  store = join(folder, 'm.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function said(...args: string[]) {
  const printed = kept()
  const code = await perform([...args, '--store', store], printed)
  return { code, text: printed.lines.join('\n') }
}

const knowing = task({
  name: 'knowing',
  run: (ctx) => ctx.recall({ query: 'audit report' }).then((all) => all.length),
})

async function runThatKnows(): Promise<string> {
  await using tl = await open({ store, tasks: [knowing] })
  const run = await tl.start(knowing, undefined)
  expect(await run.result()).toBe(1)
  return run.id
}

test('what would go is said, then it goes; what is left says that it was', async () => {
  const { text: id } = await said('memory', 'add', 'fact', 'vendor:acme', 'No audit report', '--by', 'ada')
  const run = await runThatKnows()
  const would = await said('memory', 'erase', 'vendor:acme', '--because', 'ticket 1', '--dry-run')
  expect(would).toMatchObject({
    code: 0,
    text: expect.stringMatching(/^1 item in 1 version, the record of 1 run \(\d+ events, /),
  })
  expect((await said('memory', 'list')).text).toContain(id)
  const unasked = await said('memory', 'erase', 'vendor:acme', '--because', 'ticket 1')
  expect([unasked.code, unasked.text]).toEqual([2, expect.stringContaining('--yes')])
  const erased = await said('memory', 'erase', 'vendor:acme', '--because', 'ticket 1', '--yes')
  expect([erased.code, erased.text]).toEqual([0, expect.stringMatching(/1 item in 1 version.* erased\.$/)])
  expect((await said('memory', 'erase', 'vendor:acme', '--because', 'ticket 1', '--yes')).text).toContain(
    'nothing of it',
  )

  expect((await said('memory', 'show', id)).text).toMatch(/fact {2}erased\n.*v1/)
  expect((await said('memory', 'show', id)).text).not.toMatch(/ada|audit/)
  expect((await said('runs')).text).toMatch(/∅ erased/)
  expect((await said('show', run)).text).toContain('what it did was erased')
  expect((await said('history', run)).text).toContain('(erased)')
  expect((await said('history', run, '--json')).code).toBe(0)
  expect((await said('verify')).text).toMatch(/✓ .* \d+ events erased: every hash fits/)
  expect(await said('signal', run, 'go')).toMatchObject({
    code: 2,
    text: expect.stringContaining('run_erased'),
  })
})

test('on a terminal it is asked first, and anything but yes is no', async () => {
  const { text: id } = await said('memory', 'add', 'fact', 'vendor:acme', 'No audit report')
  const printed = kept()
  const desk = { out: printed, store, storeFlag: '' }
  const answering = (answer: string) =>
    erase(desk, 'vendor:acme', { because: 'ticket 1' }, () => Promise.resolve(answer))
  for (const no of ['', 'n', 'yess', 'no']) expect(await answering(no)).toBe(0)
  expect((await said('memory', 'list')).text).toContain(id)
  expect(await answering('Y')).toBe(0)
  expect((await said('memory', 'list')).text).not.toContain(id)
})

test.each([
  [['vendor:acme', '--because', 'vendor:acme asked', '--yes'], 'bad_erasure'],
  [['x', '--because', 'y', '--person', '--item', '--yes'], 'bad_request'],
  [['item_none', '--because', 'y', '--item', '--yes'], 'item_not_found'],
  [['x', '--yes'], 'bad_request'],
])('what cannot be is refused: %j', async (args, code) => {
  await said('memory', 'add', 'fact', 'vendor:acme', 'No audit report')
  const answer = await said('memory', 'erase', ...args)
  expect([answer.code, answer.text]).toEqual([2, expect.stringContaining(code)])
})
