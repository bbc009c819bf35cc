/**
 * What a person changed of a proposal, part by part.
 *
 * E1. Pure, and bounded: a value that differs in more places than anybody would read is one edit of the whole.
 */
import { isDeepStrictEqual as same } from 'node:util'
import type { Edit } from '../task/index.ts'

const MOST = 200

/** The parts in which `is` differs from `was`; in lists by place. */
export function editsOf(was: unknown, is: unknown): readonly Edit[] {
  const edits: Edit[] = []
  collect(edits, '', was, is)
  return edits.length > MOST ? [{ path: '', was, is }] : edits
}

function collect(edits: Edit[], path: string, was: unknown, is: unknown): void {
  if (edits.length > MOST || same(was, is)) return
  if (Array.isArray(was) && Array.isArray(is)) {
    const [before, after]: [readonly unknown[], readonly unknown[]] = [was, is]
    for (let i = 0; i < Math.max(before.length, after.length); i++)
      collect(edits, `${path}[${i}]`, before[i], after[i])
  } else if (isPlain(was) && isPlain(is)) {
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)]))
      collect(edits, `${path}${partOf(key, path === '')}`, own(was, key), own(is, key))
  } else edits.push({ path, was, is })
}

const partOf = (key: string, isFirst: boolean): string =>
  /^[^.[\]"\\\s]+$/.test(key) ? `${isFirst ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`

const own = (value: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
