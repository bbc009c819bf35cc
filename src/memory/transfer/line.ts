/**
 * A version of an item as a line of JSON, and back.
 *
 * L1. Dates of the item are ISO text, so that any program can read them; its value keeps the record's own way of writing what JSON
 *     cannot carry.
 * L2. Whatever comes in is checked as if somebody had recorded it here: a line is refused, or is an item.
 */
import { decode, encode } from '../../log/index.ts'
import type { Item, ItemStatus } from '../../task/index.ts'
import { BadItem } from '../errors.ts'
import { checkAuthor, checkName, checkReason, checkStatuses, newItem } from '../item.ts'

export const FORMAT = 1

/** A version, and when it was first recorded, wherever that was. */
export interface Version {
  readonly item: Item
  readonly firstAt: Date
  readonly affirms: boolean
}

type Fields = Readonly<Record<string, unknown>>

const DATES = ['validFrom', 'validTo', 'dueAt', 'reviewAt'] as const
const PLAIN = ['predicate', 'because', 'alternatives', 'evidence', 'links', 'rule', 'confidence'] as const
const KNOWN = new Set<string>([
  'id',
  'version',
  'kind',
  'status',
  'scope',
  'subject',
  'statement',
  'value',
  'sensitivity',
  'author',
  'run',
  'change',
  ...PLAIN,
  ...DATES,
])

/** What of an item is written, in this order; what is undefined or empty is left out. */
export function itemFields(item: Item): Fields {
  const { id, version, kind, status, scope, subject, statement, value, sensitivity, author, run, change } =
    item
  const fields: Record<string, unknown> = { id, version, kind, status, scope, subject, statement }
  if (value !== undefined) fields['value'] = JSON.parse(encode(value))
  for (const key of PLAIN) fields[key] = item[key]
  for (const key of DATES) fields[key] = item[key]?.toISOString()
  Object.assign(fields, { sensitivity, author, run, change: change && known(change) })
  return known(fields)
}

const known = (fields: object): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  )

export const lineOf = ({ item, firstAt, affirms }: Version): string =>
  JSON.stringify({
    item: itemFields(item),
    recordedAt: firstAt.toISOString(),
    ...(affirms ? { affirms } : {}),
  })

/** @throws {BadItem} */
export function versionOf(json: Fields): Version {
  const given = json['item']
  if (!isObject(given)) throw new BadItem('item', 'it is no object.')
  const unknown = Object.keys(given).find((key) => !KNOWN.has(key))
  if (unknown !== undefined) throw new BadItem(unknown, 'items have no such field.')
  const { id, version, status, author, run, change, value, ...rest } = given
  if (!Number.isSafeInteger(version) || Number(version) < 1)
    throw new BadItem('version', 'it must be a whole number from 1.')
  const dates = DATES.map((key) => [key, dateOf(key, rest[key])] as const)
  const input = { ...rest, ...Object.fromEntries(dates.filter(([, date]) => date !== undefined)) }
  const by = {
    author: checkAuthor(author),
    run: run === undefined ? undefined : checkName('run', run),
    scope: '',
  }
  // `newItem` looks at every field of it: what is of another type is refused by name.
  const item = newItem(checkName('id', id), { ...input, value: valueOf(value) } as never, by)
  if (typeof status !== 'string') throw new BadItem('status', 'it is no text.')
  checkStatuses(status as ItemStatus) // which is what this finds out
  if (status === 'erased')
    throw new BadItem('status', 'what was erased cannot be brought back, not even as erased.')
  return {
    item: {
      ...item,
      version: Number(version),
      status: status as ItemStatus,
      change: changeOf(change),
    },
    firstAt: dateOf('recordedAt', json['recordedAt']) ?? missing('recordedAt'),
    affirms: json['affirms'] === true,
  }
}

function valueOf(value: unknown): unknown {
  try {
    return value === undefined ? undefined : decode(JSON.stringify(value))
  } catch {
    throw new BadItem('value', 'it is not what the record writes.')
  }
}

function changeOf(change: unknown): Item['change'] {
  if (change === undefined) return undefined
  if (!isObject(change)) throw new BadItem('change', 'it is no object.')
  const { because, by } = change
  return {
    because: because === undefined ? undefined : checkReason(because),
    by: by === undefined ? undefined : checkName('change.by', by),
  }
}

/** ISO text, as `toISOString` writes it. */
function dateOf(field: string, value: unknown): Date | undefined {
  if (value === undefined) return undefined
  const isTime = typeof value === 'string' && /^[+-]?\d{4,6}-\d\d-\d\dT/.test(value)
  const date = isTime ? new Date(value) : undefined
  if (date === undefined || Number.isNaN(date.getTime()))
    throw new BadItem(field, 'it must be a date such as 2026-03-01T00:00:00.000Z.')
  return date
}

function missing(field: string): never {
  throw new BadItem(field, 'it is missing.')
}

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
