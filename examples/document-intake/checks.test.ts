import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findingsIn } from './checks.ts'
import type { Entry } from './entry.ts'

const MIT = readFileSync(join(import.meta.dirname, '../../node_modules/zod/LICENSE'), 'utf8')
const CHANGES = '# acme\n\n## 2.1.0 (2026-03-01)\n\n- Letters are sorted by colour.\n'

const licence: Entry = {
  path: 'LICENSE',
  kind: 'licence',
  title: 'MIT License',
  licence: 'MIT',
  summary: 'Permission is hereby granted, free of charge.',
  dates: ['2025'],
}
const changelog: Entry = {
  path: 'CHANGELOG.md',
  kind: 'changelog',
  title: 'acme',
  version: '2.1.0',
  summary: 'Letters are sorted by colour.',
  dates: ['2026-03-01'],
}

test('what the document says passes', () => {
  expect(findingsIn(licence, MIT)).toEqual([])
  expect(findingsIn(changelog, CHANGES)).toEqual([])
})

const { licence: _, ...unnamed } = licence
const { version: _v, ...unversioned } = changelog
test.each([
  [/^licence: the text reads as MIT, not as ISC/, { ...licence, licence: 'ISC' }, MIT],
  [/^licence: a licence needs/, unnamed, MIT],
  [
    /^licence: the text is none that is known/,
    licence,
    'MIT License 2025: permission is hereby granted, free of charge',
  ],
  [/^licence: the document does not name/, { ...changelog, licence: 'MIT' }, CHANGES],
  [/^title: "Acme News"/, { ...changelog, title: 'Acme News' }, CHANGES],
  [/^dates: "2026-04-01"/, { ...changelog, dates: ['2026-04-01'] }, CHANGES],
  [/^dates: "acme"/, { ...changelog, dates: ['acme'] }, CHANGES],
  [/^version: "3\.0\.0"/, { ...changelog, version: '3.0.0' }, CHANGES],
  [/^version: a changelog needs/, unversioned, CHANGES],
  [/^summary:/, { ...changelog, summary: 'Faster builds through incremental caching everywhere.' }, CHANGES],
  [/^kind: it is no decision/, { ...changelog, kind: 'decision' as const }, CHANGES],
  [/^kind: its file is not named/, { ...changelog, kind: 'readme' as const }, CHANGES],
])('%s', (finding, entry, text) => {
  expect(findingsIn(entry, text)).toEqual([expect.stringMatching(finding)])
})
