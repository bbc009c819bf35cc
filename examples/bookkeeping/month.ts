/**
 * Books a month: reads the statement, suggests a category for each row, and says why. People correct what it gives; each correction
 * becomes a convention, and the next month is suggested from the corrected books.
 *
 * K1. Suggestions rest on the months before and on nothing else: what the file itself says of categories is not looked at.
 * K2. What is not sure enough is not filled in: it is asked, with the three likeliest.
 */
import { resolve } from 'node:path'
import { task, type Context, type FeedbackRule, type Task, type Throughline } from 'throughline'
import { z } from 'zod'
import { booksBefore, inWords, type Books } from './books.ts'
import { Columns, guessColumns, missingIn, subjectOf } from './columns.ts'
import { BadStatement, type Sheet } from './csv.ts'
import { plainWords, type Entry } from './entry.ts'
import { Month, TASK, type BookedRow } from './month-shape.ts'
import { openSheet, statedIn } from './statement.ts'

/** The task, for a store that is opened with it: `store` is asked when a month is booked. */
export function monthTask(store: () => Throughline): Task<{ readonly file: string }, Month> {
  return task({
    name: TASK,
    input: z.object({ file: z.string() }),
    output: Month,
    async run(ctx, { file }) {
      const sheet = await ctx.step('open', () => openSheet(resolve(file)))
      const columns = await columnsFor(ctx, file, sheet)
      const entries = await ctx.step('read', () =>
        statedIn(file, sheet, columns).map(({ label: _said, ...entry }) => entry),
      )
      const rows = await ctx.step('suggest', async () => {
        const books = await booksBefore(store(), { run: ctx.run.id, scope: ctx.run.scope ?? '' })
        return entries.map((entry) => booked(entry, books))
      })
      return ctx.checkpoint(
        'month',
        { file, rows },
        {
          schema: Month,
          checks: {
            'every row once': (month) => new Set(month.rows.map(({ id }) => id)).size === entries.length,
            'what is filled in is explained': (month) =>
              month.rows.every(({ category, why }) => category === null || why.length > 0),
          },
        },
      )
    },
    feedback: conventionFrom,
  })
}

/** As they were once told or found for statements with these headings. */
async function columnsFor(ctx: Context, file: string, sheet: Sheet): Promise<Columns> {
  const [known] = await ctx.recall({ subject: subjectOf(sheet.header), kinds: ['preference'], limit: 1 })
  if (known) return Columns.parse(known.item.value)
  const guessed = guessColumns(sheet)
  const missing = missingIn(guessed)
  if (missing !== undefined)
    throw new BadStatement(
      file,
      undefined,
      `it cannot be seen which column is ${missing}; it has: ${sheet.header.join(', ')}. Say it with --columns.`,
    )
  return Columns.parse(guessed)
}

function booked(entry: Entry, books: Books): BookedRow {
  const { day, id, payee, text, amount } = entry
  const row = {
    id,
    date: new Date(day * 86_400_000).toISOString().slice(0, 10),
    payee,
    text,
    amount,
    context: [...entry.context],
  }
  const decided = books.decided.get(plainWords(payee))
  if (decided) {
    const why = `${decided.author} decided it: ${decided.because ?? decided.statement} (${decided.id})`
    return { ...row, category: String(decided.value), likely: [String(decided.value)], why: [why] }
  }
  const { label, isSure, likely, why } = books.learner.suggest(entry)
  return {
    ...row,
    category: isSure && label !== undefined ? label : null,
    likely: [...likely],
    why: why.map((reason) => inWords(reason, books)),
  }
}

/** A person's word on a row is how such rows are booked from now on; a likeliest guess that was merely confirmed is no news. */
const conventionFrom: FeedbackRule<Month> = ({ keys: [list, index, field], is }, month) => {
  const row = list === 'rows' && field === 'category' ? month.rows[Number(index)] : undefined
  if (!row || typeof is !== 'string' || is === row.likely[0]) return undefined
  const pattern = plainWords(row.text).replaceAll(/\d+/g, '#')
  const text = row.text === '' ? '' : `, “${row.text}”`
  return {
    subject: `payee:${plainWords(row.payee) || 'nobody'}`.slice(0, 150),
    predicate: `category${pattern === '' ? '' : ` of ${pattern}`}`.slice(0, 150),
    value: is,
    statement: `${row.payee}${text} is ${is}`.slice(0, 20_000),
  }
}
