/** What a month of books is made of. */
import { z } from 'zod'

export const TASK = 'bookkeeping-month'

export const BookedRow = z.object({
  /** File and line. */
  id: z.string(),
  date: z.iso.date(),
  payee: z.string(),
  text: z.string(),
  amount: z.number(),
  context: z.array(z.string()),
  /** Null where it has to be asked. */
  category: z.string().nullable(),
  /** The three most likely, the likeliest first. */
  likely: z.array(z.string()).max(3),
  /** The earlier entries this rests on. */
  why: z.array(z.string()),
})
export type BookedRow = z.infer<typeof BookedRow>

export const Month = z.object({ file: z.string(), rows: z.array(BookedRow) })
export type Month = z.infer<typeof Month>
