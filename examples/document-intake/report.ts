/** What an intake came to, as numbers. */
import { z } from 'zod'
import type { Row } from './clerk.ts'

const Count = z.object({
  documents: z.number(),
  corrected: z.number(),
  review: z.number(),
  copies: z.number(),
})
export const Report = z.object({ to: z.string(), total: Count, kinds: z.record(z.string(), Count) })
export type Report = z.infer<typeof Report>

export function reportOf(to: string, rows: readonly Row[]): Report {
  const count = (of: readonly Row[]) => ({
    documents: of.length,
    corrected: of.filter(({ isCorrected }) => isCorrected).length,
    review: of.filter(({ pile }) => pile === 'review').length,
    copies: of.filter(({ isCopy }) => isCopy).length,
  })
  const kinds = Map.groupBy(rows, ({ kind }) => kind)
  return {
    to,
    total: count(rows),
    kinds: Object.fromEntries(
      [...kinds].toSorted(([a], [b]) => a.localeCompare(b)).map(([kind, of]) => [kind, count(of)]),
    ),
  }
}
