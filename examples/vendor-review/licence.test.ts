import { expect, test } from 'vitest'
import { compareLicence, declaredLicence, licenceKind, licencesInText } from './licence.ts'

const MIT = `MIT License\n\nCopyright (c) 2026 Ada\n\nPermission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal in the Software … The above copyright notice and this
permission notice shall be included in all copies or substantial portions of the Software.`
const BSD3 = `Redistributions of source code must retain the above copyright notice. Neither the name of Ada nor the names of its
contributors may be used to endorse or promote products derived from this software.`
const ISC =
  'Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice appears.'

test.each([
  ['MIT', MIT, ['MIT']],
  ['MIT-0, which asks for no notice', MIT.replace(/The above[^]*/, ''), ['MIT-0']],
  ['MIT written as a comment', MIT.replace(/^/gm, ' * '), ['MIT']],
  ['ISC', ISC, ['ISC']],
  ['0BSD, which asks for no notice', ISC.replace(/, provided.*/, '.'), ['0BSD']],
  ['BSD with three clauses', BSD3, ['BSD-3-Clause']],
  ['BSD with two clauses', BSD3.replace(/Neither[^]*/, ''), ['BSD-2-Clause']],
  ['Apache', 'Apache License\n   Version 2.0, January 2004', ['Apache-2.0']],
  [
    'GPL 3, though it speaks of its sisters',
    'GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007 … use the GNU Lesser General Public License instead',
    ['GPL-3.0'],
  ],
  [
    'LGPL 3, though it builds on GPL 3',
    'GNU LESSER GENERAL PUBLIC LICENSE\nVersion 3 … version 3 of the GNU General Public License, supplemented',
    ['LGPL-3.0'],
  ],
  [
    'BUSL, though it names what it turns into',
    'Business Source License 1.1 … Change License: Apache License, Version 2.0',
    ['BUSL-1.1', 'Apache-2.0'],
  ],
  ['the own licence first, that of bundled code after', `${MIT}\n\n# Bundled\n\n${ISC}`, ['MIT', 'ISC']],
  ['nothing', 'All rights reserved.', []],
])('recognises %s', (_, text, ids) => {
  expect(licencesInText(text)).toEqual(ids)
})

test('reads every shape of declaration npm ever allowed', () => {
  expect(declaredLicence({ license: 'MIT' })).toBe('MIT')
  expect(declaredLicence({ license: { type: 'MIT', url: '…' } })).toBe('MIT')
  expect(declaredLicence({ licenses: [{ type: 'MIT' }, { type: 'Apache-2.0' }] })).toBe('MIT OR Apache-2.0')
  expect(declaredLicence({ license: '' })).toBeUndefined()
  expect(declaredLicence({ license: 7, licenses: [] })).toBeUndefined()
})

test.each([
  ['(MIT OR GPL-3.0-only)', 'permissive'],
  ['MIT AND MPL-2.0', 'weak copyleft'],
  ['(MIT OR GPL-2.0) AND ISC', 'strong copyleft'],
  ['GPL-2.0-only WITH Classpath-exception-2.0', 'strong copyleft'],
  ['BUSL-1.1', 'restricted'],
  ['UNLICENSED', 'none'],
  ['SEE LICENSE IN TERMS.md', 'unknown'],
  [undefined, 'none'],
])('%s is %s', (expression, kind) => {
  expect(licenceKind(expression)).toBe(kind)
})

test('puts the declaration beside the text', () => {
  expect(compareLicence('MIT', MIT).verdict).toBe('agrees')
  expect(compareLicence('(MIT OR Apache-2.0)', MIT).verdict).toBe('agrees')
  expect(compareLicence('GPL-3.0-or-later', 'GNU GENERAL PUBLIC LICENSE Version 3').verdict).toBe('agrees')
  expect(compareLicence('ISC', MIT).verdict).toBe('differs')
  expect(compareLicence('MIT', 'Licensed as the root of the repository.').verdict).toBe('text not recognised')
  expect(compareLicence('MIT', undefined).verdict).toBe('no text')
  expect(compareLicence(undefined, MIT)).toMatchObject({ verdict: 'not declared', kind: 'permissive' })
  expect(compareLicence(undefined, undefined)).toMatchObject({ verdict: 'nothing', kind: 'none' })
})

test('a declaration that says nothing known is judged by its text', () => {
  expect(compareLicence('SEE LICENSE IN LICENSE', 'Business Source License 1.1').kind).toBe('restricted')
})
