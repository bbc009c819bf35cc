import { expect, test } from 'vitest'
import { lockedPackage, vendor } from './fixture.ts'
import { summarise } from './footprint.ts'
import { compareLicence } from './licence.ts'
import { renderReport, type Findings } from './report.ts'
import { rank, type Vendor } from './score.ts'

function findings(vendors: readonly Vendor[], changes: Partial<Findings> = {}): Findings {
  const scores = rank(vendors)
  const scored = scores.flatMap((score) =>
    vendors.filter(({ locked }) => locked.path === score.path).map((one) => ({ ...one, ...score })),
  )
  const footprint = summarise(
    vendors.map(({ locked }) => locked),
    vendors.map(({ size }) => size),
  )
  return {
    project: 'shop',
    lockfile: '/shop/package-lock.json',
    runId: 'run_1',
    reviewedAt: Date.UTC(2026, 9, 1, 9, 30),
    vendors: scored,
    notInstalled: [],
    unlisted: [],
    footprint,
    ...changes,
  }
}

test('the same findings give the same text', () => {
  const given = findings([vendor()])
  expect(renderReport(given)).toBe(renderReport(given))
  expect(renderReport(given)).toContain('read 2026-10-01 09:30 UTC by run `run_1`')
})

test('says so when nothing stands out', () => {
  expect(renderReport(findings([vendor()]))).toContain('Nothing stood out.')
  expect(renderReport(findings([]))).toContain('**0 packages locked**')
})

test('gives the reason beside each point', () => {
  const report = renderReport(
    findings([vendor({ seen: { licence: compareLicence('AGPL-3.0-only', undefined) } })]),
  )
  expect(report).toContain('| high | `a 1.0.0` | runtime | AGPL-3.0-only | 1 kB | 6 |')
  expect(report).toContain(
    '+5 AGPL-3.0-only is strong copyleft; +1 declares AGPL-3.0-only but ships no licence text',
  )
})

test('tells what npm left out from what is missing', () => {
  const notInstalled = [
    lockedPackage({ name: 'for-mac', optional: true, platform: 'darwin' }),
    lockedPackage({ name: 'gone' }),
  ]
  const report = renderReport(findings([], { notInstalled }))
  expect(report).toContain('| darwin | `for-mac` |')
  expect(report).toContain('**Missing, although not optional** ("npm ci" installs them): `gone 1.0.0`')
})

test('names packages installed in several versions', () => {
  const copies = ['1.9.0', '1.10.0'].map((version) =>
    vendor({ locked: { path: `node_modules/${version}/node_modules/a`, version }, seen: { version } }),
  )
  expect(renderReport(findings(copies))).toContain('| `a` | 1.9.0, 1.10.0 | 2 |')
})

test('what a stranger wrote cannot break a table or become markup', () => {
  const report = renderReport(
    findings([vendor({ locked: { deprecated: 'a | b\n\n# c <img src=x>' }, seen: { people: ['`<b>`'] } })]),
  )
  expect(report).toContain('+3 deprecated: a \\| b # c &lt;img src=x>')
  expect(report).not.toMatch(/^# c/m)
})
