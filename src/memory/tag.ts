/**
 * The tag that text carries which came out of memory, so that it does not go in again as news.
 *
 * T1. `[item_01…@2]` before a line says which item, in which version, the line is.
 * T2. What is to be kept and carries tags is kept without them, and says what it was derived from.
 * T3. What says no more than the item whose tag it carries is that item: nothing is recorded.
 */
import type { Item, Link } from '../task/index.ts'

const TAG = /\[(item_[A-Za-z0-9_-]+)@(\d+)\]\s*/g

/** An item as a line for a prompt. */
export function tagged({ id, version, kind, subject, statement, because }: Item): string {
  const why = because === undefined ? '' : ` (because ${because})`
  return `[${id}@${version}] ${kind}, ${subject}: ${statement}${why}`.replace(/\s+/g, ' ')
}

/** A text without its tags, and the items they name. */
export function untagged(text: string): { readonly text: string; readonly items: readonly string[] } {
  const items = [...text.matchAll(TAG)].map(([, id = '']) => id)
  return { text: items.length === 0 ? text : text.replace(TAG, '').trim(), items: [...new Set(items)] }
}

/** Whether a text, its tags taken off, says nothing but what the item does. */
export function isOnly(text: string, item: Item): boolean {
  const said = plain(text)
  const whole = plain(untagged(tagged(item)).text)
  return (
    said === plain(item.statement) || said === whole || said === plain(`${item.subject}: ${item.statement}`)
  )
}

export const derivedFrom = (items: readonly string[]): readonly Link[] =>
  items.map((to) => ({ type: 'derived_from', to }) as const)

/** Case, signs and spaces say nothing new. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
