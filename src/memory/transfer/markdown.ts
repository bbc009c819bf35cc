/**
 * An item as a section of Markdown that a person can read and edit.
 *
 * M1. What a field is called here is said once, in `FIELDS`, for writing and for reading.
 * M2. A section holds an item as it stands; its history is not in it, and who wrote it is said and cannot be edited.
 */
import { encode } from '../../log/index.ts'
import type { Item } from '../../task/index.ts'
import { EVIDENCE, LINKS, RULE } from '../item.ts'
import { FORMAT } from './line.ts'
import { quoted, writtenText } from './text.ts'

/** Fields with one text, by their name in Markdown. */
export const TEXTS = {
  subject: 'subject',
  predicate: 'predicate',
  statement: 'statement',
  because: 'because',
  scope: 'scope',
  sensitivity: 'sensitivity',
  status: 'status',
} as const
export const DATES = {
  'true from': 'validFrom',
  'true until': 'validTo',
  due: 'dueAt',
  review: 'reviewAt',
} as const
export const ALTERNATIVE_PARTS = { because: 'because', 'reopen if': 'reopenIf' } as const
/** `depends on` is `depends_on`. */
export const LINK_NAMES: ReadonlyMap<string, Item['links'][number]['type']> = new Map(
  LINKS.map((type) => [type.replace('_', ' '), type]),
)
/** What an item is unless its section says otherwise. */
export const SENSITIVITY = 'internal'

/** The beginning of the text. Front matter is read by name, line by line: it is not YAML, and nothing in it is expanded. */
export function* headOf(scope: string): Generator<string> {
  yield* ['---', 'throughline: memory', `format: ${FORMAT}`]
  if (scope !== '') yield* fieldLines('', 'scope', scope, '')
  yield* ['---', '', '# Memory', '']
  yield 'Edit what stands behind the names, then: throughline memory import <this file>. To end an item, change its'
  yield 'status to withdrawn or fulfilled and add a line "- change: why". To add one, write a section whose heading is'
  yield 'only its kind. A section that is taken out changes nothing.'
}

/** The section of an item. `scope`: what the head said, and need not be repeated. */
export function* sectionOf(item: Item, scope: string): Generator<string> {
  const { id, version, kind, value, alternatives, evidence, rule, links, confidence } = item
  yield* ['', `## ${kind} ${writtenText(id).inline} v${version}`, '']
  yield* fieldLines('- ', 'subject', item.subject)
  if (item.predicate !== undefined) yield* fieldLines('- ', 'predicate', item.predicate)
  if (value !== undefined) yield `- value: ${quoted(encode(value))}`
  yield* fieldLines('- ', 'statement', item.statement)
  if (item.because !== undefined) yield* fieldLines('- ', 'because', item.because)
  for (const one of alternatives) {
    yield* fieldLines('- ', 'not', one.option)
    for (const [name, key] of Object.entries(ALTERNATIVE_PARTS)) yield* part(name, one[key])
  }
  for (const one of evidence) {
    yield '- evidence:'
    for (const key of EVIDENCE) yield* part(key, one[key])
  }
  if (rule) {
    yield '- rule:'
    for (const key of RULE) yield* part(key, rule[key])
  }
  for (const { type, to } of links) yield* fieldLines('- ', type.replace('_', ' '), to)
  for (const [name, key] of Object.entries(DATES)) if (item[key]) yield `- ${name}: ${dateText(item[key])}`
  if (confidence !== undefined) yield `- confidence: ${confidence}`
  if (item.sensitivity !== SENSITIVITY) yield `- sensitivity: ${item.sensitivity}`
  if (item.scope !== scope) yield* fieldLines('- ', 'scope', item.scope === '' ? '/' : item.scope)
  yield `- status: ${item.status}`
  yield* fieldLines('- ', 'by', item.author)
}

const part = (name: string, text: string | undefined): Iterable<string> =>
  text === undefined ? [] : fieldLines('  - ', name, text)

function* fieldLines(mark: string, name: string, text: string, indent = ' '.repeat(mark.length + 2)) {
  const { inline, block } = writtenText(text)
  yield `${mark}${name}: ${inline}`
  for (const line of block) yield line === '' ? '' : `${indent}${line}`
}

/** A day where it is one, in UTC. */
const dateText = (date: Date): string => date.toISOString().replace(/T00:00:00\.000Z$/, '')
