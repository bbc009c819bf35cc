/**
 * How values, times and items are worded in a brief: the same text on every machine, each thing on one line.
 *
 * W1. Nothing of a line's content can pose as another line: white space and control characters become spaces.
 * W2. Times are in UTC and nothing is said relative to now: a brief is made from the record, not from a clock.
 */
import { messageOf } from '../errors.ts'
import { encode } from '../log/index.ts'
import type { MemoryItem } from '../memory/index.ts'

/** Text on one line, whole. */
export const line = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim()

/** Text on one line of at most so many characters. */
export function shortened(text: string, most: number): string {
  // What comes after is cut off anyway; a long body need not be looked through.
  const flat = line(text.slice(0, most * 4))
  if (flat.length <= most && text.length <= most * 4) return flat
  const cut = flat.slice(0, most - 1)
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/** A value of the record: text as it is, anything else as JSON, dates readable. */
export function shown(value: unknown, most: number): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return shortened(value, most)
  if (value instanceof Error) return shortened(messageOf(value), most)
  return shortened(JSON.stringify(JSON.parse(encode(value), untagged)), most)
}

function untagged(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$' in value) || !('v' in value)) return value
  const { $: tag, v } = value
  if (tag === 'Date' && typeof v === 'number') return day(v, true)
  return tag === 'Error' && typeof v === 'object' && v !== null && 'message' in v ? v.message : v
}

/** `2026-03-01`, with the time where it matters. */
export function day(at: Date | number, withTime = false): string {
  const text = new Date(at).toISOString()
  return withTime ? `${text.slice(0, 10)} ${text.slice(11, 16)} UTC` : text.slice(0, 10)
}

/** An item with what there is to say of it; nothing is shortened that binds. */
export function itemLine(item: MemoryItem): string {
  const { id, version, subject, statement, because, alternatives, rule, dueAt, reviewAt, validTo, scope } =
    item
  const said = statement.startsWith(subject) ? statement : `${subject}: ${statement}`
  const parts = [
    sentence(said),
    because === undefined ? undefined : sentence(`Because: ${because}`),
    ...alternatives.map((one) => {
      const reasons = [one.because, one.reopenIf === undefined ? undefined : `reopen if ${one.reopenIf}`]
      const why = reasons.filter((reason) => reason !== undefined).join('; ')
      return `Not: ${one.option}${why === '' ? '' : ` (${why})`}.`
    }),
    rule === undefined ? undefined : `Enforced at "${rule.target}".`,
    dueAt === undefined ? undefined : `Due ${day(dueAt, true)}.`,
    validTo === undefined ? undefined : `True until ${day(validTo)}.`,
    reviewAt === undefined ? undefined : `To be reviewed ${day(reviewAt)}.`,
    scope === '' ? undefined : `In ${scope}.`,
    `[${id} v${version}]`,
  ]
  return line(parts.filter((part) => part !== undefined).join(' '))
}

const sentence = (text: string): string => (/[.!?…]\s*$/.test(text) ? text.trim() : `${text.trim()}.`)

/** What became of an item. */
export function newsLine(
  item: Pick<MemoryItem, 'id' | 'version' | 'kind' | 'status' | 'statement' | 'change'>,
): string {
  const { id, version, kind, status, statement, change } = item
  const what = status === 'active' ? (version === 1 ? 'recorded' : 'changed') : status
  const why = change?.because === undefined ? '' : ` (${shortened(change.because, 200)})`
  return line(`${kind} ${what}: ${shortened(statement, 200)}${why} [${id} v${version}]`)
}

/** A decision that does not hold any more. */
export function withdrawnLine({ id, version, statement, change }: MemoryItem): string {
  const why = change?.because === undefined ? '' : ` (${change.because})`
  return line(`Withdrawn: ${statement}${why} [${id} v${version}]`)
}
