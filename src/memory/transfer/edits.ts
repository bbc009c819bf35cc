/**
 * What somebody made of a register, against what the store holds.
 *
 * D1. A section is compared with the version it was written from: what was not touched is left alone, whatever became of it since.
 * D2. What was touched and has moved on meanwhile refuses the whole, and names who was quicker.
 * D3. What an item is about and what it says of that (kind, scope, subject, predicate, value) are not rewritten: another item takes its
 *     place. Everything else becomes the item's next version.
 */
import { encode, type Log } from '../../log/index.ts'
import type { Item, ItemStatus } from '../../task/index.ts'
import { ItemChanged, ItemNotFound } from '../errors.ts'
import { isLive } from '../expiry.ts'
import { itemsOf, type Recorded } from '../reading.ts'
import {
  changed,
  checkCondition,
  checkLinks,
  drafted,
  ended,
  standing,
  type Pen,
  type Put,
} from '../writing.ts'
import { defaultStatement, saidOf, type Said } from './fields.ts'
import type { Problems } from './problems.ts'
import type { Register, Section } from './sections.ts'
import { turns } from './turns.ts'

/** A version that is to be put, and the line that asks for it. */
export interface Edit extends Put {
  readonly line: number
}

const IDENTITY = ['kind', 'scope', 'subject', 'predicate', 'value'] as const
const REST = [
  'statement',
  'because',
  'alternatives',
  'evidence',
  'rule',
  'links',
  'validFrom',
  'validTo',
  'dueAt',
  'reviewAt',
  'confidence',
  'sensitivity',
] as const
type Key = (typeof IDENTITY)[number] | (typeof REST)[number]

/** Fields in which two versions differ. */
export const differences = (one: Item, other: Item): readonly Key[] =>
  [...IDENTITY, ...REST].filter((key) => canonical(one[key]) !== canonical(other[key]))

/** The order of keys says nothing. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value === undefined ? 'nothing' : encode(value)
  const keys = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${keys
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .toSorted()
    .join()}}`
}

/** @throws {BadMemoryImport} @throws {ItemChanged} */
export async function edits(pen: Pen, register: Register, because: string | undefined, problems: Problems) {
  const read = new Map(
    register.sections.flatMap((one) => (one.read ? [[one.read.id, one.read.version]] : [])),
  )
  const all: Edit[] = []
  let alreadyHere = 0
  const asked = new Map<string, number>()
  const known = await versionsHere(pen.log, [...read.keys()])
  const turn = turns()
  for (const section of register.sections) {
    await turn()
    const said = await saidOf(section, register.scope, pen.by, problems)
    if (!said) continue
    const reason = said.because ?? because
    const puts = await problems.at(section.line, () =>
      section.read
        ? edited({ pen, known, section, said: { ...said, because: reason }, problems })
        : added(pen, said, read),
    )
    if (!puts) continue
    if (puts.length === 0) alreadyHere++
    for (const put of puts) {
      const { id, version } = put.item
      const other = version > 1 ? asked.get(id) : undefined
      if (other !== undefined)
        problems.add(section.line, `${id} is changed here and by the section on line ${other}.`)
      asked.set(id, section.line)
      all.push({ ...put, line: section.line })
    }
  }
  problems.check()
  return { news: all, alreadyHere }
}

const AT_ONCE = 500

/** Every version of these items. */
async function versionsHere(
  log: Log,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Recorded[]>> {
  const known: Recorded[] = []
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const where = { item: { in: ids.slice(i, i + AT_ONCE) } }
    known.push(...(await itemsOf(log, await log.select('items', { where, order: ['version'] }))))
    await new Promise(setImmediate)
  }
  return Map.groupBy(known, ({ id }) => id)
}

interface Editing {
  readonly pen: Pen
  readonly known: ReadonlyMap<string, readonly Recorded[]>
  readonly section: Section
  readonly said: Said
  readonly problems: Problems
}

async function edited({ pen, known, section, said, problems }: Editing): Promise<readonly Put[]> {
  const { id, version } = section.read ?? { id: '', version: 0 }
  const versions = known.get(id)
  const [from, now] = [versions?.find((one) => one.version === version), versions?.at(-1)]
  if (!now) throw new ItemNotFound(id)
  const refuse = (reason: string): readonly Put[] => (problems.add(section.line, reason), [])
  if (!from) return refuse(`${id} has no version ${version}; the newest is ${now.version}.`)
  if (said.author !== undefined && said.author !== from.author)
    return refuse(`who wrote an item cannot be edited; version ${version} of ${id} is by ${from.author}.`)
  const touched = differences(from, said.item)
  const wasStatus = from.status === said.status || (said.status === 'expired' && isLive(from.status))
  if (touched.length === 0 && wasStatus) return []
  if (now.version !== version) {
    if (await isDone(pen.log, now, said)) return []
    throw new ItemChanged(id, version, now)
  }
  if (said.item.links.some(({ type }) => type === 'supersedes') && touched.includes('links'))
    if (canonical(replacedBy(from)) !== canonical(replacedBy(said.item)))
      return refuse('what an item replaced cannot be edited; write a new section that supersedes it.')
  if (!wasStatus) {
    const isAccepted = from.status === 'proposed' && said.status === 'active'
    if (!isAccepted && !isEnding(said.status))
      return refuse(
        `${id} is ${from.status} and cannot become "${said.status}" here; write withdrawn or fulfilled, or a new section with "- supersedes: ${id}".`,
      )
    if (said.because === undefined)
      return refuse(`say why ${id} is ${said.status} now: a line "- change: …", or --because.`)
    if (touched.length > 0) return refuse('change its status or its fields, one at a time.')
    return ended(pen, id, { status: said.status as ItemStatus as 'active', because: said.because, version })
  }
  await standing(pen.log, id, version)
  return touched.some((key) => IDENTITY.some((one) => one === key))
    ? replaced(pen, from, said)
    : revised(pen, from, said, touched)
}

const isEnding = (status: string): boolean => status === 'withdrawn' || status === 'fulfilled'

const replacedBy = ({ links }: Item): readonly string[] =>
  links.filter(({ type }) => type === 'supersedes').map(({ to }) => to)

/** Another item in its place. */
async function replaced(pen: Pen, from: Recorded, { item, because }: Said): Promise<readonly Put[]> {
  const wasDefault = from.statement === defaultStatement(from.kind, from.subject, from.value)
  const statement =
    wasDefault && item.statement === from.statement
      ? (defaultStatement(item.kind, item.subject, item.value) ?? item.statement)
      : item.statement
  // What the old one replaced and went against is its own.
  const links = item.links.filter(({ type }) => type !== 'supersedes' && type !== 'contradicts')
  const status = item.status === 'proposed' ? 'proposed' : 'active'
  const { puts } = await drafted(pen, {
    ...inputOf({ ...item, statement, links }),
    status,
    supersedes: { id: from.id, version: from.version },
  })
  if (because === undefined) return puts
  return puts.map((put) =>
    put.item.id === from.id
      ? { ...put, item: { ...put.item, change: { by: put.item.change?.by, because } } }
      : put,
  )
}

/** The item's next version, with what was touched. */
async function revised(
  pen: Pen,
  from: Recorded,
  said: Said,
  touched: readonly Key[],
): Promise<readonly Put[]> {
  const { item, because } = said
  if (touched.includes('rule') && item.rule) await checkCondition(item.rule)
  if (touched.includes('links')) await checkLinks(pen.log, item.links)
  const next = changed(from, { status: from.status as 'active', because }, pen.by)
  const fields = Object.fromEntries(touched.map((key) => [key, item[key]]))
  return [{ item: { ...next, ...fields }, isLinked: touched.includes('links') }]
}

/** Whether what is asked for has come about already: by this very text, imported before. */
async function isDone(log: Log, now: Recorded, said: Said): Promise<boolean> {
  if (now.status === said.status && differences(now, said.item).length === 0) return true
  if (now.status !== 'superseded' || now.change?.by === undefined) return false
  const rows = await log.select('items', { where: { item: now.change.by, replaced_at: null } })
  const [heir] = await itemsOf(log, rows)
  return heir !== undefined && isSaid(heir, said.item)
}

/** The same but for what the layer adds to it. */
const isSaid = (here: Item, said: Item): boolean =>
  differences(here, said).every((key) => key === 'links' || (key === 'statement' && isDefault(here)))

const isDefault = ({ kind, subject, value, statement }: Item): boolean =>
  statement === defaultStatement(kind, subject, value)

/** A new item, unless the same is here already: a register may be imported twice. */
async function added(pen: Pen, said: Said, read: ReadonlyMap<string, number>): Promise<readonly Put[]> {
  const { item, supersedes } = said
  const where = { scope: item.scope, subject: item.subject, kind: item.kind, replaced_at: null }
  const rows = await pen.log.select('items', { where: { ...where, status: said.status } })
  if ((await itemsOf(pen.log, rows)).some((one) => isSaid(one, item))) return []
  for (const { id, version } of supersedes) await standing(pen.log, id, version ?? read.get(id))
  const links = [...item.links, ...supersedes.map(({ id }) => ({ type: 'supersedes' as const, to: id }))]
  const status = said.status as 'active' // others are refused there
  return (await drafted(pen, { ...inputOf({ ...item, links }), status })).puts
}

/** What an item is made of, without what is undefined. */
function inputOf(item: Item): Parameters<typeof drafted>[1] {
  const {
    id: _id,
    version: _version,
    author: _author,
    run: _run,
    change: _change,
    status: _status,
    ...rest
  } = item
  // Each field is one of an item that was just checked.
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as never
}
