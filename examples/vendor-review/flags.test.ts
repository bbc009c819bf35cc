import { expect, test } from 'vitest'
import { BadFlags, quoted, readFlags, sameCommand } from './flags.ts'
import { line } from './follow.ts'

test('paths are absolute in the input, so that a review can be continued from anywhere', () => {
  expect(readFlags(['--lockfile', '/a/package-lock.json', '--slow', '0']).input).toMatchObject({
    lockfile: '/a/package-lock.json',
    slowMs: 0,
  })
  expect(readFlags([]).input.report).toBe(`${process.cwd()}/vendor-review.md`)
})

test.each([[['--slow', 'soon']], [['--slow', '60001']], [['--nope']], [['stray']]])('refuses %j', (args) => {
  expect(() => readFlags(args)).toThrow(BadFlags)
})

test('the command that goes on is the command that was given', () => {
  const argv = [
    '/bin/node',
    `${process.cwd()}/examples/vendor-review/start.ts`,
    '--report',
    "Ada's review.md",
  ]
  expect(sameCommand({ argv, execArgv: [], env: {} })).toBe(
    `node examples/vendor-review/start.ts --report 'Ada'\\''s review.md'`,
  )
  expect(sameCommand({ argv, execArgv: [], env: { npm_lifecycle_event: 'start' } })).toBe(
    `npm start -- --report 'Ada'\\''s review.md'`,
  )
  expect(quoted('file:./a.db')).toBe('file:./a.db')
})

test('a progress line fits the terminal', () => {
  expect(line({ done: 54, total: 138, note: 'picomatch' })).toBe(
    '[#########---------------]  54/138 picomatch',
  )
  expect(line({ done: 1, total: 2, note: 'x'.repeat(200) }, 40)).toHaveLength(39)
  expect(line({ done: 0 })).toContain('0/0')
})
