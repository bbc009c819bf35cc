/** Whatever is typed: a sentence and an exit code, never a stack trace, never a store made by mistake. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kept } from '../../test/printed.ts'
import { BadRequest } from '../app/index.ts'
import { catalogue } from './catalogue.ts'
import { quoted } from './command.ts'
import { jsonArgument, plain, preview, shortened } from './json.ts'
import { barText } from './live.ts'
import { fromNow, lengthText, pastMoment, timeText } from './moment.ts'
import { exampleOf } from './example.ts'
import { perform } from './program.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-arguments-'))
  process.env['THROUGHLINE_STORE'] = join(folder, 'none.db')
})
afterEach(() => {
  delete process.env['THROUGHLINE_STORE']
  rmSync(folder, { recursive: true, force: true })
})

test('any arguments end in 0, 1 or 2 and a sentence', async () => {
  // One serves until it is stopped: dev-model.test.ts.
  const commands = catalogue.map(({ name }) => name).filter((name) => name !== 'dev-model')
  const word = fc.oneof(
    fc.constantFrom(
      '--task',
      '--input',
      '--key',
      '--follow',
      '--json',
      '--status',
      '--limit',
      '--at',
      '--done',
      '--failed',
      '--before',
      '--reason',
      '--file',
      '--',
      '-',
      '-x',
      '--help',
      'help',
      '{',
      '@',
      '@x',
      '30d',
      '',
    ),
    fc.constantFrom(...commands),
    fc.string({ maxLength: 12 }),
    fc.json({ maxDepth: 1 }),
  )
  const first = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...commands) },
    { weight: 1, arbitrary: word },
  )
  await fc.assert(
    fc.asyncProperty(first, fc.array(word, { maxLength: 5 }), async (command, rest) => {
      const out = kept()
      // "-" is stdin, which nobody closes here; a store or a file to write must not be made up.
      const args = rest.filter((one) => one !== '-' && !one.startsWith('--o') && !one.startsWith('--s'))
      const code = await perform([command, ...args], out)
      expect([0, 1, 2]).toContain(code)
      const text = out.lines.join('\n')
      if (code === 2) expect(text).toMatch(/^[a-z_]+: \S/m)
      expect(text).not.toMatch(/^\s+at .*:\d+:\d+/m)
      expect(text).not.toMatch(/unexpected:|undefined/)
      expect(readdirSync(folder)).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('a thread that is not there makes no store', async () => {
  for (const change of ['resume', 'close'])
    expect(await perform(['threads', change, 'thread_1'], kept())).toBe(2)
  expect(readdirSync(folder)).toEqual([])
})

test.for([
  [['run', 'nowhere.ts'], /There is no file nowhere\.ts/],
  [['run', '.'], /is a folder/],
  [['rnu'], /Did you mean run/],
  [['runs', '--stauts', 'done'], /Unknown option .*--status/],
  [['show'], /Missing required argument 'run'/],
  [['show', 'run_1'], /store_missing: /],
  [['show', 'run_1', 'run_2'], /Too many arguments/],
  [['runs', '--status', 'finished'], /give queued, running/],
  [['runs', '--limit', '0'], /--limit must be a whole number/],
  [['prune'], /Required option '--before/],
  [['archive'], /Required option '--before/],
  [['prune', '--before', 'soon'], /--before must be a date such as/],
  [['resolve', 'run_1', 'a', '--done', '--not-done'], /one of --done/],
  [['import', 'nothing.jsonl'], /"nothing\.jsonl" cannot be read: no such file/],
  [['import', ''], /The file "" cannot be read/],
  [['runs', '--store', 'mysql://x'], /bad_store: /],
  [['runs', '--store', 'postgres://x?sslmode=maybe'], /bad_address: /],
] satisfies [string[], RegExp][])('%j is refused in a sentence, with 2', async ([args, sentence]) => {
  const out = kept()
  expect(await perform(args, out)).toBe(2)
  expect(out.lines.join('\n')).toMatch(sentence)
  expect(out.lines.join('\n')).toContain('docs/errors/')
  expect(readdirSync(folder)).toEqual([])
})

test('with --json an error is an object among the answers', async () => {
  const out = { ...kept(), isJson: true }
  expect(await perform(['show', 'run_1', '--json'], out)).toBe(2)
  expect(JSON.parse(out.lines.join('\n'))).toEqual({
    error: { code: 'store_missing', message: expect.any(String), data: { store: expect.any(String) } },
  })
})

test('every command explains itself with an example', async () => {
  for (const { name } of catalogue) {
    const out = kept()
    expect(await perform([name, '--help'], out)).toBe(0)
    expect(out.lines.join('\n')).toContain(`Example:\n  throughline ${name}`)
  }
})

test('JSON is read as JSON.parse reads it, or refused with the place', () => {
  fc.assert(
    fc.property(fc.json(), (text) => void expect(jsonArgument(text, '--input')).toEqual(JSON.parse(text))),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((text) => text.slice(0, -1)),
        fc.json().map((text) => `${text}\n}`),
      ),
      (text) => {
        try {
          jsonArgument(text, '--input')
        } catch (error) {
          expect(error).toBeInstanceOf(BadRequest)
          expect((error as Error).message).toMatch(
            /^--input (is not JSON at character \d+: \S|names the file ")/,
          )
        }
      },
    ),
  )
})

test('a mark stands under the fault', () => {
  const refusal = (text: string) => {
    try {
      return String(jsonArgument(text, '--input'))
    } catch (error) {
      return (error as Error).message.split('\n').slice(0, 3).join('\n')
    }
  }
  expect(refusal('{"a":\n  tru}')).toBe(
    "--input is not JSON at character 12: Unexpected token '}'.\n    tru}\n       ^",
  )
  expect(refusal('{"a":}')).toContain('character 6: ')
  expect(refusal('{"a":1')).toContain('character 7: ')
  expect(refusal('')).toContain('character 1: Unexpected end of JSON input.')
  expect(refusal('[1,2,nope]')).toContain('character 7: ')
})

test('moments are in the past or refused', () => {
  const now = Date.parse('2026-06-01T00:00:00Z')
  expect(pastMoment('30d', '--before', now)).toEqual(new Date('2026-05-02T00:00:00Z'))
  expect(pastMoment('2026-03-01', '--before', now)).toEqual(new Date('2026-03-01T00:00:00Z'))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.stringMatching(/^\d{1,9}[a-z]{1,2}$/),
        fc.stringMatching(/^\d{4}-\d\d-\d\d.{0,4}$/),
      ),
      (text) => {
        try {
          expect(pastMoment(text, '--before', now).getTime()).not.toBeNaN()
        } catch (error) {
          expect(error).toBeInstanceOf(BadRequest)
        }
      },
    ),
  )
})

test('lengths of time are short, and never fall back on a number alone', () => {
  expect([0, 1, 999, 1240, 61_000, 3_600_000, 187_200_000].map(lengthText)).toEqual([
    '<1 ms',
    '1 ms',
    '999 ms',
    '1.24 s',
    '1 min 1 s',
    '1 h',
    '2 d 4 h',
  ])
  expect([fromNow(172_799_200, 0), fromNow(0, 65_000), fromNow(10, 0)]).toEqual([
    'in 2 d',
    '1 min 5 s ago',
    'now',
  ])
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e13, noNaN: true }), (ms) => {
      expect(lengthText(ms)).toMatch(/^(<?\d+(\.\d+)? (ms|s|min|h|d))( \d+ (s|min|h))?$/)
      expect(fromNow(ms, 0)).not.toMatch(/NaN|undefined/)
      expect(timeText(ms)).toMatch(/^\d+-\d\d-\d\d \d\d:\d\d:\d\d$/)
    }),
  )
})

test('whatever is on record can be shown on one line of the width asked for', () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
      fc.integer({ min: 4, max: 60 }),
      (value, width) => {
        expect(() => JSON.stringify(plain(value))).not.toThrow()
        const text = preview(value, width)
        expect(text.length).toBeLessThanOrEqual(width)
        expect(text).not.toMatch(/\p{Cc}/u)
      },
    ),
  )
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 2, max: 40 }), (text, width) => {
      expect(shortened(text, width).length).toBeLessThanOrEqual(width)
    }),
  )
})

test('a bar is drawn for any progress a task reports', () => {
  fc.assert(
    fc.property(fc.double(), fc.option(fc.double(), { nil: undefined }), fc.string(), (done, total, note) => {
      const text = barText({ done, note, ...(total === undefined ? {} : { total }) })
      expect(text).not.toMatch(/[\r\n]/)
      if (total !== undefined && total > 0) expect(text).toMatch(/^━*─* /)
    }),
  )
})

test('a word quoted for the shell is one word', () => {
  expect(quoted('a/b-c.ts')).toBe('a/b-c.ts')
  expect(quoted(`it's $HOME`)).toBe(String.raw`'it'\''s $HOME'`)
})

test('an example payload has the shape of the schema', () => {
  expect(
    exampleOf({
      type: 'object',
      properties: {
        ok: { type: 'boolean' },
        by: { enum: ['Ada', 'Eve'] },
        lines: { type: 'array', items: { type: 'number' } },
      },
    }),
  ).toEqual({ ok: true, by: 'Ada', lines: [0] })
  fc.assert(fc.property(fc.object(), (schema) => void exampleOf(schema)))
})

test('nothing was written on the way', () => expect(existsSync(join(folder, 'none.db'))).toBe(false))
