/** What was answered, in a word where there is one. */
import type { Verdict } from './approve.ts'
import type { Answer } from './reading.ts'

/** An answer as people would say it: a value as it is, a verdict as `approved` or `rejected`. */
export function spoken({
  value,
  edits,
}: {
  readonly value: unknown
  readonly edits?: Answer['edits']
}): unknown {
  if (edits === undefined) return value
  const { approved } = value as Verdict // only verdicts have edits
  const edited =
    edits.length === 0 ? '' : `, edited in ${edits.length} ${edits.length === 1 ? 'place' : 'places'}`
  return `${approved ? 'approved' : 'rejected'}${edited}`
}
