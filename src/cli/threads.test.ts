import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kept } from '../../test/printed.ts'
import { perform } from './program.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-threads-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a command answers, and how it ends. */
async function said(...args: string[]) {
  const printed = { ...kept(), isJson: args.includes('--json') }
  const code = await perform([...args, '--store', join(folder, 't.db')], printed)
  return { code, text: printed.lines.join('\n') }
}

test('a thread is put down and picked up, and its brief is read and acknowledged', async () => {
  const { text: id } = await said(
    'threads',
    'open',
    'Renew the lease',
    '--next',
    'Ask for the terms',
    '--scope',
    'home',
    '--by',
    'ada',
  )
  await said(
    'memory',
    'add',
    'commitment',
    'landlord',
    'Answer Mr Novak',
    '--due',
    '2027-03-01',
    '--scope',
    'home',
  )
  expect(
    (
      await said(
        'threads',
        'park',
        id,
        '--because',
        'They answer next week',
        '--until',
        '2027-02-01',
        '--by',
        'ada',
      )
    ).code,
  ).toBe(0)
  expect((await said('threads', 'list')).text).toMatch(/parked {2}Renew the lease/)
  expect((await said('threads', 'show', id)).text).toMatch(/v2 .*ada {2}parked: They answer next week/)

  const { text } = await said('brief', id, '--for', 'bo')
  expect(text).toContain('- Renew the lease')
  expect(text).toContain('landlord: Answer Mr Novak. Due 2027-03-01 00:00 UTC.')
  const ack = /throughline (ack brief_\w+ --digest \w+)/.exec(text)?.[1] ?? ''
  expect((await said(...ack.split(' '), '--by', 'bo')).code).toBe(0)

  expect((await said('threads', 'resume', id, '--next', 'Compare', '--by', 'bo')).code).toBe(0)
  const late = await said(...ack.split(' '), '--by', 'cy')
  expect(late).toMatchObject({ code: 2, text: expect.stringContaining('brief_stale') })
  expect(late.text).toContain('The thread is open, says bo')
  expect((await said('brief', id, '--for', 'bo')).text).toContain('## Changed since bo acknowledged')
  expect((await said('threads', 'close', id, '--because', 'Signed')).code).toBe(0)
  expect((await said('threads', 'list')).text).toContain('No threads here')
})

test('as JSON it is for programs', async () => {
  const opened = JSON.parse((await said('threads', 'open', 'g', '--json')).text) as { id: string }
  const brief = JSON.parse((await said('brief', opened.id, '--budget', '500', '--json')).text) as {
    subject: string
    digest: string
  }
  expect(brief).toMatchObject({ subject: opened.id, digest: expect.stringMatching(/^[\da-f]{64}$/) })
  const listed = JSON.parse((await said('threads', 'list', '--json')).text) as { threads: unknown[] }
  expect(listed.threads).toHaveLength(1)
})

test.each([
  [['threads', 'open', ' '], 'bad_thread'],
  [['threads', 'open', 'g', '--due', 'soon'], 'bad_request'],
  [['threads', 'park', 'thr_none', '--because', 'x'], 'thread_not_found'],
  [['brief', 'run_none'], 'run_not_found'],
  [['brief', 'run_none', '--budget', 'much'], 'bad_request'],
  [['ack', 'brief_none', '--digest', 'f00'], 'brief_unknown'],
  [['ack', 'brief_none'], 'bad_request'],
])('what cannot be is refused: %j', async (args, code) => {
  await said('threads', 'open', 'another')
  const answer = await said(...args)
  expect([answer.code, answer.text]).toEqual([2, expect.stringContaining(code)])
})
