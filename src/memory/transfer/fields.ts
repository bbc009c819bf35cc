/** What a section says of its item: from fields to what an item is made of, checked as anything that is recorded. */
import { decode } from '../../log/index.ts'
import type { Alternative, Evidence, Item, ItemKind, Link, Rule } from '../../task/index.ts'
import { BadItem } from '../errors.ts'
import { EVIDENCE, newItem, RULE, type Author } from '../item.ts'
import { ALTERNATIVE_PARTS, DATES, LINK_NAMES, SENSITIVITY, TEXTS } from './markdown.ts'
import type { Problems } from './problems.ts'
import type { Field, Section } from './sections.ts'

/** What is said, as an item; and what is only said while it is edited. */
export interface Said {
  readonly item: Item
  /** As it is written: `superseded` and the like are said of items, and refused of new ones. */
  readonly status: string
  /** Why it is changed. */
  readonly because: string | undefined
  /** Who wrote it, as the text has it. */
  readonly author: string | undefined
  /** What a new item replaces. */
  readonly supersedes: readonly { readonly id: string; readonly version: number | undefined }[]
}

const SINGLE = new Set<string>([
  ...Object.keys(TEXTS),
  ...Object.keys(DATES),
  'value',
  'confidence',
  'rule',
  'by',
  'change',
])
const PARTS: Readonly<Record<string, readonly string[]>> = {
  not: Object.keys(ALTERNATIVE_PARTS),
  evidence: EVIDENCE,
  rule: RULE,
}

/** What a section says, or nothing and problems. */
export async function saidOf(
  section: Section,
  scope: string,
  by: Author,
  problems: Problems,
): Promise<Said | undefined> {
  const { kind, read, fields } = section
  const first = new Map<string, Field>()
  for (const field of fields) {
    const { name } = field
    const wrong = field.parts.find((part) => !PARTS[name]?.includes(part.name))
    const twice = repeated(field.parts)
    if (!SINGLE.has(name) && !LINK_NAMES.has(name) && name !== 'not' && name !== 'evidence')
      problems.add(field.line, `items have no field "${name}".`)
    else if (wrong) problems.add(wrong.line, `"${name}" has no part "${wrong.name}".`)
    else if (twice) problems.add(twice.line, `"${twice.name}" is said twice.`)
    else if (SINGLE.has(name) && first.has(name)) problems.add(field.line, `"${name}" is said twice.`)
    first.set(name, first.get(name) ?? field)
  }
  const text = (name: string): string | undefined => first.get(name)?.text
  const dates: Record<string, Date> = {}
  for (const [name, key] of Object.entries(DATES)) {
    const field = first.get(name)
    const date = field && (await problems.at(field.line, () => dateOf(name, field.text)))
    if (date) dates[key] = date
  }
  const value = first.get('value')
  const confidence = first.get('confidence')
  const decoded = value && (await problems.at(value.line, () => [valueOf(value.text)]))
  const status = text('status') ?? 'active'
  const isNewDecision = kind === 'decision' && read === undefined
  const input = {
    kind: kind as ItemKind, // which kinds there are is said by `newItem`
    ...given({
      predicate: text('predicate') ?? (isNewDecision && value ? 'choice' : undefined),
      because: text('because'),
      rule: ruleOf(first.get('rule')),
    }),
    subject: text('subject') ?? '',
    statement: text('statement') ?? defaultStatement(kind, text('subject'), decoded?.[0]) ?? '',
    scope: text('scope') === '/' ? '' : (text('scope') ?? scope),
    sensitivity: (text('sensitivity') ?? SENSITIVITY) as Item['sensitivity'], // as above
    alternatives: fields.flatMap((field) => (field.name === 'not' ? [alternativeOf(field)] : [])),
    evidence: fields.flatMap((field) => (field.name === 'evidence' ? [evidenceOf(field)] : [])),
    links: linksOf(fields, read !== undefined),
    ...(decoded ? { value: decoded[0] } : {}),
    ...(confidence ? { confidence: Number(confidence.text || 'none') } : {}),
    ...dates,
    status: status === 'proposed' ? ('proposed' as const) : ('active' as const),
  }
  const item = await problems.at(lineIn(section), () => newItem(read?.id ?? 'new', input, by))
  if (!item) return undefined
  return {
    item,
    status,
    because: text('change'),
    author: text('by'),
    supersedes: read === undefined ? replacedBy(fields) : [],
  }
}

/** The line of the field that an error is about; of the section, where no one field is. */
const lineIn =
  ({ line, fields }: Section) =>
  ({ data }: { readonly data: Readonly<Record<string, unknown>> }): number => {
    const [field = '', inner = ''] = (typeof data['field'] === 'string' ? data['field'] : '').split('.')
    const dates = Object.entries(DATES).flatMap(([name, key]) => (key === field ? [name] : []))
    const names: readonly string[] = field === 'alternatives' ? ['not'] : [field, inner, ...dates]
    return fields.find(({ name }) => names.includes(name))?.line ?? line
  }

/** What a decision says unless told. */
export function defaultStatement(kind: string, subject = '', value: unknown): string | undefined {
  return kind === 'decision' && typeof value === 'string' ? `${subject}: ${value}` : undefined
}

function repeated(parts: Field['parts']): Field['parts'][number] | undefined {
  return parts.find(({ name }, i) => parts.findIndex((other) => other.name === name) < i)
}

function valueOf(text: string): unknown {
  try {
    return decode(text)
  } catch {
    throw new BadItem('value', 'it must be JSON: text in quotes, a number, true, false, a list or an object.')
  }
}

/** A day, or a time with its zone. */
function dateOf(name: string, text: string): Date {
  const date = new Date(text)
  const isDay = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d$/.test(text)
  const isTime = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text)
  const isReal = !Number.isNaN(date.getTime()) && (!isDay || date.toISOString().startsWith(text))
  if (!(isDay || isTime) || !isReal)
    throw new BadItem(
      name,
      `it must be a day such as 2026-03-01, or a time such as 2026-03-01T09:00:00Z; got ${JSON.stringify(text.slice(0, 60))}.`,
    )
  return date
}

const textsOf = (parts: Field['parts']): Readonly<Record<string, string>> =>
  Object.fromEntries(parts.map(({ name, text }) => [name, text]))

function alternativeOf({ text, parts }: Field): Alternative {
  const { because, 'reopen if': reopenIf } = textsOf(parts)
  return { option: text, ...given({ because, reopenIf }) }
}

const evidenceOf = ({ parts }: Field): Evidence => textsOf(parts)

const ruleOf = (field: Field | undefined): Rule | undefined =>
  // Its target and effect are looked at when it is compiled.
  field && ({ ...textsOf(field.parts) } as unknown as Rule)

/** What a new item supersedes is no link yet: it may name the version that was read. */
function linksOf(fields: readonly Field[], isThere: boolean): readonly Link[] {
  return fields.flatMap(({ name, text }) => {
    const type = LINK_NAMES.get(name)
    return type === undefined || (type === 'supersedes' && !isThere) ? [] : [{ type, to: text }]
  })
}

function replacedBy(fields: readonly Field[]): Said['supersedes'] {
  return fields
    .filter(({ name }) => name === 'supersedes')
    .map(({ text }) => {
      const [, id = text, version] = /^(.+) v(\d{1,9})$/.exec(text) ?? []
      return { id, version: version === undefined ? undefined : Number(version) }
    })
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as { [K in keyof T]?: Exclude<T[K], undefined> } // the same, without what is undefined
}
