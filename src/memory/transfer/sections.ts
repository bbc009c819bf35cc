/**
 * The sections of an edited text, read line by line.
 *
 * S1. Only what stands at the beginning of a line is structure: `## ` an item, `- ` a field, `  - ` a part of one; text under a field is
 *     indented further. What is none of it is a problem with its line, and never left out in silence.
 */
import { checkScope } from '../item.ts'
import { FORMAT } from './line.ts'
import type { Problems } from './problems.ts'
import { readText, type Written } from './text.ts'
import { turns } from './turns.ts'

/** A field, its text, and its parts. */
export interface Field {
  readonly name: string
  readonly line: number
  readonly text: string
  readonly parts: readonly Omit<Field, 'parts'>[]
}

export interface Section {
  readonly line: number
  readonly kind: string
  /** Of an item that is there; undefined for a new one. */
  readonly read: { readonly id: string; readonly version: number } | undefined
  readonly fields: readonly Field[]
}

export interface Register {
  /** Of new items that name none. */
  readonly scope: string
  readonly sections: readonly Section[]
}

export interface Line {
  readonly text: string
  readonly line: number
}

const HEADING = /^## (\w+)(?: (.+) v(\d{1,9}))?\s*$/
const FIELD = /^(?<indent>| {2})- (?<name>[a-z][a-z ]*):(?: (?<inline>.*))?$/
const MOST_HEAD = 20

/** @throws {BadMemoryImport} through `problems`, where it is no such text at all */
export async function parseSections(lines: readonly Line[], problems: Problems): Promise<Register> {
  const { scope, rest } = await parseHead(lines, problems)
  const starts = rest.flatMap(({ text }, i) => (text.startsWith('## ') ? [i] : []))
  const sections: Section[] = []
  const turn = turns()
  for (const [i, start] of starts.entries()) {
    await turn()
    const heading = rest[start] as Line // it begins with ##
    const section = sectionAt(heading, rest.slice(start + 1, starts[i + 1]), problems)
    if (section) sections.push(section)
  }
  return { scope, sections }
}

async function parseHead(lines: readonly Line[], problems: Problems) {
  const end = lines.slice(0, MOST_HEAD).findIndex(({ text }, i) => i > 0 && text.trimEnd() === '---')
  if (lines[0]?.text.trimEnd() !== '---' || end < 0) {
    problems.add(
      lines[0]?.line ?? 1,
      'it is neither what throughline memory export writes, nor begins as its Markdown does: "---", "throughline: memory", "format: 1", "---".',
    )
    problems.check()
  }
  const said = new Map<string, Line>()
  for (const { text, line } of lines.slice(1, end)) {
    const [, name = '', value = ''] = /^(\w+): (.*)$/.exec(text.trimEnd()) ?? []
    if (!['throughline', 'format', 'scope'].includes(name) || said.has(name))
      problems.add(line, 'the head names throughline, format and scope, once each.')
    else said.set(name, { text: value, line })
  }
  if (said.get('throughline')?.text !== 'memory' || said.get('format')?.text !== String(FORMAT))
    problems.add(1, `the head must say "throughline: memory" and "format: ${FORMAT}".`)
  const given = said.get('scope')
  const scope =
    given && (await problems.at(given.line, () => checkScope(readText({ inline: given.text, block: [] }))))
  problems.check()
  return { scope: scope ?? '', rest: lines.slice(end + 1) }
}

function sectionAt(heading: Line, body: readonly Line[], problems: Problems): Section | undefined {
  const match = HEADING.exec(heading.text)
  if (!match) {
    problems.add(
      heading.line,
      'a heading is a kind ("## decision"), or a kind, an item and its version ("## decision item_01k2… v3").',
    )
    return undefined
  }
  const [, kind = '', inline, version] = match
  const id = inline === undefined ? undefined : readText({ inline, block: [] })
  return {
    line: heading.line,
    kind,
    read: id === undefined ? undefined : { id, version: Number(version) },
    fields: fieldsOf(body, problems),
  }
}

function fieldsOf(body: readonly Line[], problems: Problems): readonly Field[] {
  const fields: (Field & { parts: Omit<Field, 'parts'>[] })[] = []
  for (let at = 0; at < body.length;) {
    const { text, line } = body[at] as Line // at < body.length
    at++
    if (text.trim() === '') continue
    const { indent, name = '', inline = '' } = FIELD.exec(text)?.groups ?? {}
    if (indent === undefined) {
      problems.add(
        line,
        'this is neither a heading ("## "), nor a field ("- name: text"), nor text indented under a field that ends in "|".',
      )
      continue
    }
    const block = inline.trim() === '|' ? blockAt(body, at, indent.length + 4) : []
    at += block.length
    const written = { inline: inline.trim(), block: block.map((one) => one.slice(indent.length + 4)) }
    // A value is JSON as it stands.
    const read =
      name === 'value' ? [inline.trim(), ...written.block].join('\n').replace(/^\|\n/, '') : textOf(written)
    if (read === undefined) {
      problems.add(line, `${name}: text that begins with a quote must be a JSON string.`)
      continue
    }
    const above = fields.at(-1)
    if (indent === '') fields.push({ name, line, text: read, parts: [] })
    else if (above) above.parts.push({ name, line, text: read })
    else problems.add(line, `"${name}" is a part of nothing.`)
  }
  return fields
}

/** Blank lines at its end are between it and what follows. */
function textOf({ inline, block }: Written): string | undefined {
  const end = block.findLastIndex((line) => line.trim() !== '') + 1
  return readText({ inline, block: block.slice(0, end).map((line) => line.trimEnd()) })
}

function blockAt(body: readonly Line[], from: number, indent: number): readonly string[] {
  const margin = ' '.repeat(indent)
  let end = from
  while (end < body.length && isOf(body[end]?.text ?? '', margin)) end++
  return body.slice(from, end).map(({ text }) => text)
}

const isOf = (text: string, margin: string): boolean => text.startsWith(margin) || text.trim() === ''
