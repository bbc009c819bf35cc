import { expect, test } from 'vitest'
import { vendor } from './fixture.ts'
import { compareLicence } from './licence.ts'
import { rank, ratingOf, RULES } from './score.ts'

test('a package with nothing to say about it has no points', () => {
  expect(rank([vendor()])[0]).toMatchObject({ points: 0, rating: 'clear', reasons: [] })
})

test('points are the sum of their reasons', () => {
  const [score] = rank([
    vendor({ seen: { version: '1.0.1', installScripts: ['postinstall: node report.js'] } }),
  ])
  expect(score?.reasons.map(({ says }) => says)).toEqual([
    'version 1.0.1 is installed, 1.0.0 is locked',
    'runs on install: `postinstall: node report.js`',
  ])
  expect(score).toMatchObject({ points: 8, rating: 'high' })
})

const withLicence = (declared: string | undefined, text?: string) =>
  vendor({ seen: { licence: compareLicence(declared, text) } })
const cases = {
  'installed version is not the locked one': vendor({ seen: { version: '2.0.0' } }),
  'strong copyleft (GPL, AGPL …)': withLicence('AGPL-3.0-only'),
  'not for every use (BUSL, SSPL, Elastic …)': withLicence('BUSL-1.1'),
  'no licence granted: none declared and none found, or UNLICENSED': withLicence('UNLICENSED'),
  'contains packages that the lockfile does not list': vendor({
    unlisted: ['node_modules/a/node_modules/b'],
  }),
  'runs a script when it is installed': vendor({ locked: { hasInstallScript: true } }),
  deprecated: vendor({ locked: { deprecated: 'use b' } }),
  'licence text differs from the declared licence': withLicence('MIT', 'Apache License Version 2.0'),
  'does not come from a registry': vendor({ locked: { source: 'git+https://example.com/a.git' } }),
  'no integrity hash in the lockfile': vendor({ locked: { hasIntegrity: false } }),
  'licence not known to this review': withLicence('SEE LICENSE IN TERMS.md'),
  'weak copyleft (MPL, LGPL, EPL …)': withLicence('MPL-2.0'),
  'licence declared, but no licence text shipped': withLicence('MIT'),
  'licence text not recognised': withLicence('MIT', 'Ask us.'),
  'licence text shipped, but none declared': withLicence(undefined, 'Apache License Version 2.0'),
  'names neither people nor a repository': vendor({ seen: { people: [], repository: undefined } }),
  'larger than 20 MB': vendor({ size: { bytes: 20_000_001, files: 1 } }),
}

test.each(Object.entries(cases))('points for: %s', (about, given) => {
  const rule = RULES.find((one) => one.about === about)
  expect(rule?.check(given)).toBeTypeOf('string')
  expect(rule?.check(vendor())).toBe(false)
})

test('every rule is tried above', () => {
  expect(RULES.map(({ about }) => about).sort()).toEqual(Object.keys(cases).sort())
})

test('most points first, then the largest, then by path', () => {
  const named = (path: string, bytes: number, deprecated?: string) =>
    vendor({ locked: { path, deprecated }, size: { bytes, files: 1 } })
  expect(
    rank([named('c', 1), named('b', 9), named('a', 1), named('d', 0, 'old')]).map(({ path }) => path),
  ).toEqual(['d', 'b', 'a', 'c'])
})

test('ratings change at 1, 3 and 6 points', () => {
  expect([0, 1, 2, 3, 5, 6].map(ratingOf)).toEqual(['clear', 'low', 'low', 'medium', 'medium', 'high'])
})
