/** What is said of a document when it is filed: what it is, and what was taken from it. */
import { z } from 'zod'

export const KINDS = ['licence', 'readme', 'guide', 'decision', 'error page', 'changelog', 'other'] as const
export type Kind = (typeof KINDS)[number]

/** What the model gives to `file`. */
export const Entry = z.object({
  path: z.string().describe('The path of the document, as it was given.'),
  kind: z.enum(KINDS),
  title: z.string().min(1).max(200).describe('As it stands in the document.'),
  licence: z
    .string()
    .optional()
    .describe('The SPDX id of the licence it is, or names. Needed for a licence.'),
  version: z.string().optional().describe('The newest version it tells of. Needed for a changelog.'),
  summary: z.string().min(1).max(300).describe('One sentence, in the words of the document.'),
  dates: z.array(z.string()).max(10).describe('Dates or years, as they are written in it.'),
  copyOf: z.string().optional().describe('The path of one that is filed already with the same digest.'),
})
export type Entry = z.infer<typeof Entry>

/** Two piles: what passed every check, and what a person should look at. */
export type Pile = 'filed' | 'review'

/** An entry as it lies in the cabinet. */
export const Filed = Entry.partial({ kind: true, title: true, summary: true, dates: true }).extend({
  digest: z.string(),
  receipt: z.string(),
  pile: z.enum(['filed', 'review']),
  /** What the checks found; of what is for review. */
  findings: z.array(z.string()),
  /** How often the model was told what was wrong. */
  corrections: z.number(),
  /** The idempotency key of the call that filed it. */
  key: z.string(),
  /** Who was asked, where a person decided. */
  by: z.string().optional(),
})
export type Filed = z.infer<typeof Filed>
