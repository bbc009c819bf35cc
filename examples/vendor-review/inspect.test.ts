import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockedPackage } from './fixture.ts'
import { inspectPackage, installScripts, peopleOf, repositoryOf } from './inspect.ts'
import { measureFolder } from './size.ts'
import { findUnlisted } from './unlisted.ts'
import { writeWhole } from './write.ts'

let root: string
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'vendor-review-'))))
afterEach(() => rm(root, { recursive: true }))

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

test('reads an installed package', async () => {
  await put(
    'node_modules/a/package.json',
    '{"version":"1.0.1","license":"Apache-2.0","scripts":{"postinstall":"node x.js"},"engines":{"node":">=24"},"author":"Ada <ada@example.com>"}',
  )
  await put('node_modules/a/LICENCE.txt', 'Apache License\nVersion 2.0')
  expect(await inspectPackage(root, lockedPackage())).toMatchObject({
    installed: true,
    version: '1.0.1',
    licence: { verdict: 'agrees' },
    licenceFiles: ['LICENCE.txt'],
    installScripts: ['postinstall: node x.js'],
    node: '>=24',
    people: ['Ada'],
  })
})

test('a package that is not there is not installed; one that cannot be read is an error', async () => {
  expect(await inspectPackage(root, lockedPackage())).toEqual({ installed: false, path: 'node_modules/a' })
  await put('node_modules/a/package.json', '{"version":')
  await expect(inspectPackage(root, lockedPackage())).rejects.toThrow(
    /node_modules\/a\/package\.json is not JSON; install the package again/,
  )
})

test('a manifest of strange shapes is read as far as it makes sense', async () => {
  await put(
    'node_modules/a/package.json',
    '{"version":7,"license":[],"scripts":"x","engines":["node >= 4"],"author":{},"maintainers":"Ada","repository":null}',
  )
  expect(await inspectPackage(root, lockedPackage())).toMatchObject({
    version: 'unknown',
    licence: { kind: 'none' },
    installScripts: [],
    node: undefined,
    people: [],
    repository: undefined,
  })
})

test('a binding.gyp is compiled on install unless the package says what else to do', () => {
  expect(installScripts({}, true)).toEqual(['install: node-gyp rebuild (implied by binding.gyp)'])
  expect(installScripts({ install: 'node-gyp-build' }, true)).toEqual(['install: node-gyp-build'])
  expect(installScripts({ test: 'x', prepare: 'y' }, false)).toEqual([])
})

test('names people once, and repositories by their address', () => {
  expect(
    peopleOf({
      author: 'Ada (https://ada.example)',
      maintainers: [{ name: 'Ada' }, { name: 'Bob', email: 'b@example.com' }],
    }),
  ).toEqual(['Ada', 'Bob'])
  expect(
    [
      'ada/a',
      'github:ada/a',
      'git+https://github.com/ada/a.git',
      { url: 'git+ssh://git@github.com/ada/a.git' },
      'git@github.com:ada/a.git',
    ].map(repositoryOf),
  ).toEqual(Array(5).fill('github.com/ada/a'))
})

test('measures a folder without the packages nested in it, and follows no links', async () => {
  await put('node_modules/a/index.js', '12345')
  await put('node_modules/a/lib/b.js', '678')
  await put('node_modules/a/node_modules/b/index.js', 'not its own')
  await symlink('index.js', join(root, 'node_modules/a/link.js'))
  expect(await measureFolder(root, 'node_modules/a')).toEqual({ bytes: 8, files: 2 })
})

test('finds packages that the lockfile does not list', async () => {
  for (const path of ['a', '@s/b', 'a/node_modules/fetched', '.cache'])
    await put(`node_modules/${path}/package.json`, '{}')
  expect(await findUnlisted(root, ['node_modules/a'])).toEqual([
    'node_modules/@s/b',
    'node_modules/a/node_modules/fetched',
  ])
})

test('writing again replaces the file and leaves nothing else behind', async () => {
  const path = join(root, 'reports/review.md')
  await writeWhole(path, 'first', 'run_1:report')
  await writeWhole(path, 'second', 'run_1:report')
  expect(await readFile(path, 'utf8')).toBe('second')
  expect(await readdir(dirname(path))).toEqual(['review.md'])
  await expect(writeWhole(join(root, 'reports'), 'onto a folder', 'run_1:report')).rejects.toThrow()
  expect(await readdir(root)).toEqual(['reports'])
})
