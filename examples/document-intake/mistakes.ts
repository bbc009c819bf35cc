/** The mistakes the stand-in makes on purpose: models do, and without them the checks and ladders would have little to do. */
import { createHash } from 'node:crypto'
import type { Entry } from './entry.ts'

/** Of a hundred documents, the share of each; what is left is done as well as the rules can. */
const SHARES = [
  ['wrong licence', 12],
  ['wrong title', 5],
  ['not filed', 4],
  ['never filed', 1],
  ['broken', 6],
] as const

export type Mistake = (typeof SHARES)[number][0] | undefined

/** Always the same of a path. */
export function mistakeOf(path: string): Mistake {
  let left = createHash('sha256').update(path).digest().readUInt32BE() % 100
  for (const [mistake, share] of SHARES) {
    if (left < share) return mistake
    left -= share
  }
  return undefined
}

/** An entry with the mistake in it, where it is one of an entry. */
export function wrongly(mistake: Mistake, entry: Entry): Entry {
  if (mistake === 'wrong licence' && entry.licence !== undefined) return { ...entry, licence: 'BSD-4-Clause' }
  if (mistake === 'wrong title') return { ...entry, title: `On the subject of ${entry.title}` }
  return entry
}
