/** Whatever is typed at a store that has something in it: an exit code, a sentence, and a record that still holds. */
import fc from 'fast-check'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { open } from 'throughline'
import { catalogue } from '../../src/cli/catalogue.ts'
import { perform } from '../../src/cli/program.ts'
import { kept } from '../printed.ts'
import { folderFor, record } from './recorded.ts'

const OPTIONS = [
  ['--all', '--json', '--quick', '--not-done', '--dry-run', '--', '--help'],
  ['--task', '--status', '--limit', '--since', '--before', '--at', '--done', '--failed', '--reason', '--id'],
].flat()
const VALUES = [
  'halted',
  '0',
  '-1',
  '1e9',
  '99999999999999999999',
  '30d',
  '2026-02-30',
  '{',
  '{"a":[]}',
  'null',
]
const NAMES = [
  'go',
  'pay',
  'pay#1',
  'long',
  'each › a › twice',
  'each › a › twice#1',
  'child',
  'nobody',
  '',
  ' ',
]

/** Follows and stdin wait for somebody; a file is only written where the test says. */
const isSafe = (word: string) => !['-', '@-', '--follow'].includes(word) && !/^--[ofs]|^@-/.test(word)

test('any arguments about real runs end in an exit code and a sentence, and leave a record that holds', async () => {
  const folder = folderFor()
  const store = join(folder, 'store.db')
  await record(store)
  const runs = await (async () => {
    await using tl = await open({ store, isReadOnly: true })
    return (await tl.runs.list()).runs.map(({ id }) => id)
  })()
  const word = fc
    .oneof(
      fc.constantFrom(...runs, ...runs.map((run) => `${run}/inbox`), ...runs.map((run) => run.slice(0, -1))),
      fc.constantFrom(...OPTIONS),
      fc.constantFrom(...VALUES, ...NAMES),
      fc.json({ maxDepth: 2 }),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    .filter(isSafe)
  // Nearly every command takes a run first.
  const rest = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...runs), fc.array(word, { maxLength: 4 })) },
    { weight: 1, arbitrary: fc.tuple(word, fc.array(word, { maxLength: 4 })) },
  )
  const codes = new Set<number>()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...catalogue.map(({ name }) => name)),
      rest,
      async (command, [first, more]) => {
        const out = kept()
        const where = [
          '--store',
          store,
          ...(command === 'export' ? ['--out', join(folder, 'out.jsonl')] : []),
        ]
        const code = await perform([command, ...where, first, ...more], out)
        codes.add(code)
        const text = out.lines.join('\n')
        expect([0, 1, 2]).toContain(code)
        if (code === 2) expect(text).toMatch(/^[a-z_]+: \S/m)
        expect(text).not.toMatch(/^\s+at .*:\d+:\d+|unexpected:|\bundefined\b|\[object /m)
      },
    ),
    { numRuns: 250 },
  )
  expect(codes).toContain(0)
  expect(codes).toContain(2)
  await using tl = await open({ store, worker: false })
  expect((await tl.verify()).breaks).toEqual([])
})

test('a wrong input, a missing file and an unknown task are told by name, and start nothing', async () => {
  const folder = folderFor()
  const store = join(folder, 'store.db')
  await record(store)
  const file = join(folder, 'tasks.mjs')
  const index = new URL('../../src/index.ts', import.meta.url).href
  writeFileSync(
    file,
    `import { task } from ${JSON.stringify(index)}\nexport const known = task({ name: 'known', run: () => 1 })`,
  )
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['run', file, '--input', '{"a":'], /bad_request: --input is not JSON at character 6/],
    [
      ['run', file, '--input', '@none.json'],
      /bad_request: --input names the file "none\.json".*no such file/,
    ],
    [['run', join(folder, 'none.ts')], /bad_request: There is no file .*none\.ts/],
    [['run', file, '--task', 'knwon'], /bad_request: .*no task "knwon"; it has "known"/],
    [['signal', 'run_none', 'go'], /run_not_found: .*run_none/],
    [['import', join(folder, 'none.jsonl')], /bad_request: .*none\.jsonl" cannot be read: no such file/],
  ]
  await using tl = await open({ store, worker: false })
  const before = await tl.log.position()
  for (const [args, sentence] of wrong) {
    const out = kept()
    expect([await perform([...args, '--store', store], out), out.lines.join('\n')]).toEqual([
      2,
      expect.stringMatching(sentence),
    ])
  }
  expect(await tl.log.position()).toBe(before)
  await expect(tl.start('knwon', undefined)).rejects.toMatchObject({
    code: 'unknown_task',
    message: expect.stringMatching(/no task "knwon" here.*open\(\{ tasks \}\)/),
  })
  expect(await tl.log.position()).toBe(before)
})
