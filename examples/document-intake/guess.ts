/** Simple rules that guess what a document is from its path and some of its text: what the stand-in has in place of a mind. */
import type { Entry, Kind } from './entry.ts'

/** The first that fits the path. */
const BY_PATH: readonly (readonly [RegExp, Kind])[] = [
  [/(^|\/)licen[cs]e[^/]*$/i, 'licence'],
  [/(^|\/)changelog[^/]*$/i, 'changelog'],
  [/(^|\/)readme[^/]*$/i, 'readme'],
  [/(^|\/)(decisions|adr)\//i, 'decision'],
  [/(^|\/)errors\//i, 'error page'],
  [/(^|\/)guides?\//i, 'guide'],
]

/** Where the path says nothing, the first that fits the text. */
const BY_TEXT: readonly (readonly [RegExp, Kind])[] = [
  [/^(\*\*|#+ )Decision\b/m, 'decision'],
  [/^## What to do$/m, 'error page'],
  [/^## [^]*^```/m, 'guide'],
]

/** Words by which a licence is usually named. They say less than its text: the first found is taken. */
const LICENCES: readonly (readonly [RegExp, string])[] = [
  [/Apache License|Apache[- ]2\.0/i, 'Apache-2.0'],
  [/Mozilla Public License|MPL-2\.0/i, 'MPL-2.0'],
  [/\bISC\b|use, copy, modify, and\/or distribute/, 'ISC'],
  [/\bMIT\b|Permission is hereby granted, free of charge/i, 'MIT'],
  [/BSD-3-Clause|Redistribution and use in source and binary forms/i, 'BSD-3-Clause'],
  [/BSD-2-Clause/i, 'BSD-2-Clause'],
  [/Blue ?Oak/i, 'BlueOak-1.0.0'],
  [/\bCC0\b/, 'CC0-1.0'],
]

export function guess(path: string, text: string): Entry {
  const kind =
    BY_PATH.find(([fits]) => fits.test(path))?.[1] ??
    BY_TEXT.find(([fits]) => fits.test(text))?.[1] ??
    'other'
  const version = kind === 'changelog' ? /\d+\.\d+\.\d+[\w.-]*/.exec(text)?.[0] : undefined
  const licence = kind === 'licence' || kind === 'readme' ? licenceIn(text, kind) : undefined
  return {
    path,
    kind,
    title: titleOf(text),
    summary: summaryOf(text),
    dates: datesIn(text),
    ...(licence === undefined ? {} : { licence }),
    ...(version === undefined ? {} : { version }),
  }
}

/** A readme names its licence under a heading of its own. */
function licenceIn(text: string, kind: Kind): string | undefined {
  const [, under] = /^#+ *licen[cs]e\b(.{0,600})/ims.exec(text) ?? []
  const where = kind === 'licence' ? text : (under ?? '')
  return LICENCES.find(([says]) => says.test(where))?.[1]
}

function titleOf(text: string): string {
  const heading = /^#+ +(.+?)(?: #+)?$/m.exec(text)?.[1] ?? /<h1[^>]*>([^<]+)<\/h1>/i.exec(text)?.[1]
  const line = heading ?? text.split('\n').find((one) => /\w/.test(one)) ?? 'Untitled'
  return plain(line).slice(0, 120).trim() || 'Untitled'
}

/** The first sentence that is neither heading, table, code, badge nor markup. */
function summaryOf(text: string): string {
  const blocks = text.replace(/```[^]*?```/g, '').split(/\n\s*\n/)
  const prose = blocks.map((block) => block.trim()).filter((block) => /^[\p{L}"'(*_`[]/u.test(block))
  const longest = prose.map(plain).find((block) => block.split(' ').length > 4) ?? plain(blocks[0] ?? '')
  return (/^.{20,280}?[.!?](?=\s|$)/.exec(longest)?.[0] ?? longest.slice(0, 280)).trim() || 'It is empty.'
}

function datesIn(text: string): string[] {
  const days = text.match(/\b(?:19|20)\d\d-\d\d-\d\d\b/g) ?? []
  const years = [...text.matchAll(/(?:copyright|©|\(c\))\D{0,12}((?:19|20)\d\d)/gi)].map(
    ([, year = '']) => year,
  )
  return [...new Set([...days, ...years])].slice(0, 5)
}

const plain = (markup: string): string =>
  markup
    .replace(/<[^>]*>|!\[[^\]]*\]\([^)]*\)/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`#>]+|\b_|_\b/g, '')
    .replace(/\s+/g, ' ')
    .trim()
