import { expect, test } from 'vitest'
import { LockfileUnusable, parseLockfile, readLockfile } from './lockfile.ts'

const parse = (packages: object) =>
  parseLockfile(JSON.stringify({ name: 'shop', lockfileVersion: 3, packages }), '/shop/package-lock.json')
    .packages

test('lists vendors, not the project, its workspaces or the links to them', () => {
  const packages = parse({
    '': { name: 'shop', version: '1.0.0' },
    'packages/cart': { version: '1.0.0' },
    'node_modules/cart': { resolved: 'packages/cart', link: true },
    'node_modules/a': {
      version: '1.2.3',
      integrity: 'sha512-…',
      resolved: 'https://registry.example/a/-/a-1.2.3.tgz',
    },
    'packages/cart/node_modules/@b/c': { version: '2.0.0', dev: true },
  })
  expect(packages.map(({ path, name, version, use }) => [path, name, version, use])).toEqual([
    ['node_modules/a', 'a', '1.2.3', 'runtime'],
    ['packages/cart/node_modules/@b/c', '@b/c', '2.0.0', 'development'],
  ])
})

test('gives an alias its real name', () => {
  expect(parse({ 'node_modules/old': { name: 'new', version: '1.0.0' } })[0]).toMatchObject({
    path: 'node_modules/old',
    name: 'new',
  })
})

test('tells registries from everything else', () => {
  const sources = [
    'https://npm.corp.example/api/@a/b/-/b-1.0.0.tgz',
    'git+ssh://git@github.com/a/b.git#1234',
    'https://example.com/b.tgz',
    'file:../b.tgz',
  ]
  expect(
    sources.map((resolved) => parse({ 'node_modules/b': { version: '1.0.0', resolved } })[0]?.source),
  ).toEqual([undefined, ...sources.slice(1)])
})

test('keeps what matters to a reviewer', () => {
  const entry = {
    version: '1.0.0',
    optional: true,
    os: ['darwin'],
    cpu: ['x64', 'arm64'],
    hasInstallScript: true,
    deprecated: 'use b',
  }
  expect(parse({ 'node_modules/a': entry })[0]).toMatchObject({
    optional: true,
    platform: 'darwin/x64|arm64',
    hasInstallScript: true,
    deprecated: 'use b',
    hasIntegrity: false,
  })
})

test.each([
  ['what is not JSON', 'lockfileVersion: 9', 'is not JSON'],
  ['JSON of another kind', '{"name":"shop"}', 'not a package-lock.json'],
  ['a list', '[]', 'not a package-lock.json'],
  [
    'lockfile version 1',
    '{"lockfileVersion":1,"dependencies":{}}',
    'npm install --package-lock-only --lockfile-version 3',
  ],
])('refuses %s in a sentence', (_, text, says) => {
  expect(() => parseLockfile(text, '/shop/package-lock.json')).toThrow(LockfileUnusable)
  expect(() => parseLockfile(text, '/shop/package-lock.json')).toThrow(says)
})

test('says which lockfile is missing', async () => {
  await expect(readLockfile('/nowhere/package-lock.json')).rejects.toThrow('/nowhere/package-lock.json')
})
