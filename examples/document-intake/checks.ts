/**
 * What an entry is held against: rules over the whole text, which know nothing of what the model read or thought.
 *
 * C1. A check that cannot be made has failed: a licence whose text nobody recognises is for a person.
 * C2. Each finding begins with the field it is about.
 */
import { licencesInText } from '../vendor-review/licence.ts'
import type { Entry, Kind } from './entry.ts'

/** What is wrong with an entry, in a sentence each; none where it may be filed. */
export function findingsIn(entry: Entry, text: string): string[] {
  const { title, summary, dates, version } = entry
  const plain = plainOf(text)
  const findings: string[] = []
  if (!plain.includes(plainOf(title))) findings.push(`title: "${title}" does not occur in the document`)
  for (const date of dates)
    if (!/^\d{4}(-\d\d){0,2}$/.test(date) || !text.includes(date))
      findings.push(`dates: "${date}" does not occur in the document`)
  if (version !== undefined && !text.includes(version))
    findings.push(`version: "${version}" does not occur in the document`)
  if (!isGrounded(summary, plain)) findings.push('summary: most of its words do not occur in the document')
  return [...findings, ...licenceFindings(entry, text), ...kindFindings(entry, text)]
}

/** A licence's id is told from its text; another document's has to be named in it. */
function licenceFindings({ kind, licence }: Entry, text: string): string[] {
  if (kind !== 'licence')
    return licence === undefined || text.includes(licence)
      ? []
      : [`licence: the document does not name ${licence}`]
  if (licence === undefined) return ['licence: a licence needs its SPDX id']
  const [first] = licencesInText(text)
  if (first === undefined)
    return [`licence: the text is none that is known, so ${licence} cannot be confirmed`]
  return first === licence ? [] : [`licence: the text reads as ${first}, not as ${licence}`]
}

/** What a document of a kind has to have in it. */
const MARKS: Readonly<Record<Kind, readonly [mark: RegExp, says: string] | undefined>> = {
  licence: undefined,
  readme: undefined,
  other: undefined,
  guide: [/^## /m, 'has no sections'],
  decision: [/^(\*\*|#+ )Decision\b/m, 'does not say what was decided'],
  'error page': [/^## What to do/m, 'does not say what to do'],
  changelog: [/^(#+ |v)?\[?v?\d+\.\d+(\.\d+)?/m, 'has no versions'],
}

function kindFindings({ kind, path, title, version }: Entry, text: string): string[] {
  const mark = MARKS[kind]
  const findings = mark && !mark[0].test(text) ? [`kind: it is no ${kind}, for it ${mark[1]}`] : []
  if (kind === 'changelog' && version === undefined) findings.push('version: a changelog needs its newest')
  if (kind === 'error page' && !/^[a-z0-9_]+$/.test(title))
    findings.push('title: of an error page it is the code of the error')
  if (kind === 'readme' && !/readme/i.test(path)) findings.push('kind: its file is not named a readme')
  return findings
}

/** Text as it is compared: without markup, in small letters. */
function plainOf(text: string): string {
  return text
    .replace(/<[^>\n]{0,300}>/g, ' ')
    .replace(/\]\([^)\s]{0,500}\)/g, ' ')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .toLowerCase()
    .trim()
}

/** Whether most of the longer words of a sentence are the document's own. */
function isGrounded(summary: string, plain: string): boolean {
  const words = plainOf(summary)
    .split(' ')
    .filter((word) => word.length > 4)
  const known = words.filter((word) => plain.includes(word))
  return known.length * 2 >= words.length
}
