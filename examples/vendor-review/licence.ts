/**
 * Which licence a package is under: what its manifest declares, what its licence text says, and whether they agree.
 *
 * The text is recognised by sentences that only one licence has. That is a guess for a person to check, not legal advice.
 */
export type LicenceKind =
  | 'permissive'
  | 'weak copyleft'
  | 'strong copyleft'
  | 'restricted'
  | 'unknown'
  | 'none'

export interface Licence {
  /** The manifest's SPDX expression, as written. */
  readonly declared: string | undefined
  /** Licences recognised in the text, in the order they appear: the first is the package's own, later ones are usually of bundled code. */
  readonly found: readonly string[]
  readonly kind: LicenceKind
  readonly verdict: 'agrees' | 'differs' | 'text not recognised' | 'no text' | 'not declared' | 'nothing'
}

interface Sentence {
  readonly id: string
  readonly says: RegExp
  /** Tells licences apart that open alike: what must, or must not, follow within a page. */
  readonly then?: RegExp
  readonly never?: RegExp
}

const GRANT =
  /Permission is hereby granted, free of charge, to any person obtaining a copy of this software and/i
const BRIEF_GRANT =
  /Permission to use, copy, modify, and(\/or)? distribute this software for any purpose with or without fee/i
const REDISTRIBUTION = /Redistributions? of source code must retain/i

const SENTENCES: readonly Sentence[] = [
  { id: 'MIT', says: GRANT, then: /permission notice/i },
  { id: 'MIT-0', says: GRANT, never: /permission notice/i },
  { id: 'ISC', says: BRIEF_GRANT, then: /copyright notice/i },
  { id: '0BSD', says: BRIEF_GRANT, never: /copyright notice/i },
  { id: 'BSD-3-Clause', says: REDISTRIBUTION, then: /endorse or promote/i },
  { id: 'BSD-2-Clause', says: REDISTRIBUTION, never: /endorse or promote/i },
  { id: 'Apache-2.0', says: /Apache License,? Version 2\.0/i },
  { id: 'MPL-2.0', says: /Mozilla Public License,? (version|v\.) ?2\.0/i },
  { id: 'AGPL-3.0', says: /GNU AFFERO GENERAL PUBLIC LICENSE Version 3/i },
  { id: 'LGPL-3.0', says: /GNU LESSER GENERAL PUBLIC LICENSE Version 3/i },
  { id: 'LGPL-2.1', says: /GNU LESSER GENERAL PUBLIC LICENSE Version 2\.1/i },
  { id: 'GPL-3.0', says: /GNU GENERAL PUBLIC LICENSE Version 3/i },
  { id: 'GPL-2.0', says: /GNU GENERAL PUBLIC LICENSE Version 2/i },
  { id: 'Unlicense', says: /This is free and unencumbered software released into the public domain/i },
  { id: 'CC0-1.0', says: /CC0 1\.0 Universal/i },
  { id: 'CC-BY-4.0', says: /Attribution 4\.0 International/i },
  { id: 'BlueOak-1.0.0', says: /Blue Oak Model License/i },
  { id: 'Python-2.0', says: /PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2/i },
  { id: 'BSL-1.0', says: /Boost Software License/i },
  { id: 'BUSL-1.1', says: /Business Source License 1\.1/i },
  { id: 'Elastic-2.0', says: /Elastic License 2\.0/i },
  { id: 'EPL-2.0', says: /Eclipse Public License - v ?2\.0/i },
  {
    id: 'Zlib',
    says: /must not be misrepresented; you must not claim that you wrote the original software/i,
  },
]

const PERMISSIVE =
  /^(MIT|MIT-0|ISC|0BSD|Apache-2\.0|BSD-[1234]-Clause.*|Unlicense|CC0-1\.0|CC-BY-[34]\.0|BlueOak-1\.0\.0|Python-2\.0|PSF-2\.0|BSL-1\.0|Zlib|Artistic-2\.0|Unicode.*)$/
const WEAK = /^(MPL|LGPL|EPL|CDDL)-/
const STRONG = /^(A?GPL|OSL|EUPL|CC-BY-SA)-/
/** Source one may read, but not use for every purpose. */
const RESTRICTED = /^(BUSL|SSPL|Elastic|CC-BY-N|PolyForm)-/

/** Mildest first; the last takes every id. */
const KINDS: readonly (readonly [LicenceKind, RegExp])[] = [
  ['permissive', PERMISSIVE],
  ['weak copyleft', WEAK],
  ['strong copyleft', STRONG],
  ['restricted', RESTRICTED],
  ['unknown', /^/],
]

/** Licences whose sentences stand in a text, in order of appearance. */
export function licencesInText(text: string): readonly string[] {
  const flat = text.replace(/^[\s>*#=/-]+/gm, ' ').replace(/\s+/g, ' ')
  const hits = SENTENCES.flatMap(({ id, says, then, never }) => {
    const at = flat.search(says)
    const page = flat.slice(at, at + 1500)
    return at < 0 || then?.test(page) === false || never?.test(page) === true ? [] : [{ id, at }]
  })
  return hits.sort((a, b) => a.at - b.at).map((hit) => hit.id)
}

/** The `license` of a package.json in any of the shapes npm ever allowed. */
export function declaredLicence(manifest: {
  readonly license?: unknown
  readonly licenses?: unknown
}): string | undefined {
  const one = (value: unknown): string | undefined => {
    if (typeof value === 'string') return value.trim() || undefined
    return typeof value === 'object' && value !== null && 'type' in value ? one(value.type) : undefined
  }
  if (!Array.isArray(manifest.licenses)) return one(manifest.license) ?? one(manifest.licenses)
  return one(manifest.license) ?? (manifest.licenses.map(one).filter(Boolean).join(' OR ') || undefined)
}

/** What a licence, or an SPDX expression, asks of whoever ships the code. */
export function licenceKind(expression: string | undefined): LicenceKind {
  if (expression === undefined || /^(UNLICENSED|NONE)$/i.test(expression)) return 'none'
  const ranks = idsOf(expression).map((id) => KINDS.findIndex(([, matches]) => matches.test(id)))
  // With OR the user chooses, so the mildest counts; with AND, and where both are mixed, the strictest.
  const rank =
    / OR /i.test(expression) && !/ AND /i.test(expression) ? Math.min(...ranks) : Math.max(...ranks)
  return KINDS[rank]?.[0] ?? 'unknown'
}

/** Puts the declaration beside the text; `text` is undefined when the package ships no licence file. */
export function compareLicence(declared: string | undefined, text: string | undefined): Licence {
  const found = text === undefined ? [] : licencesInText(text)
  const kind = licenceKind(declared ?? found[0])
  // A manifest that says "BSL" or "SEE LICENSE IN …" says less than a text that was recognised.
  return {
    declared,
    found,
    kind: kind === 'unknown' && found[0] !== undefined ? licenceKind(found[0]) : kind,
    verdict: verdictOf(declared, text, found),
  }
}

function verdictOf(
  declared: string | undefined,
  text: string | undefined,
  found: readonly string[],
): Licence['verdict'] {
  if (declared === undefined) return text === undefined ? 'nothing' : 'not declared'
  if (text === undefined) return 'no text'
  if (found.length === 0) return 'text not recognised'
  const ids = idsOf(declared).map(stem)
  return found.some((id) => ids.includes(stem(id))) ? 'agrees' : 'differs'
}

/** The ids of an expression; an exception after WITH only loosens the licence before it. */
function idsOf(expression: string): string[] {
  return expression
    .replace(/ WITH [\w.-]+/gi, '')
    .split(/ OR | AND |[()]/i)
    .map((id) => id.trim())
    .filter((id) => id !== '')
}

/** "or later" is said beside the text, not in it. */
const stem = (id: string): string => id.replace(/(-only|-or-later|\+)$/, '').toLowerCase()
