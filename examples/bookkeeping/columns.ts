/** Which column of a statement is what: guessed from its headings and cells, asked for once, remembered. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { readAmounts } from './amount.ts'
import type { Sheet } from './csv.ts'
import { readDays } from './day.ts'

/** Columns by their headings. */
export const Columns = z.strictObject({
  date: z.string(),
  /** Who was paid, or who paid. Without one the text says it. */
  payee: z.string().optional(),
  text: z.string().optional(),
  /** Either one column of sums, or one for each direction. */
  amount: z.string().optional(),
  in: z.string().optional(),
  out: z.string().optional(),
  /** What the bookkeeper says it is; may be empty, or not there. */
  category: z.string().optional(),
  /** Others that say something: a department, an account. */
  context: z.array(z.string()).max(3).default([]),
})
export type Columns = z.infer<typeof Columns>

export const ROLES = ['date', 'payee', 'text', 'amount', 'in', 'out', 'category'] as const
export type Role = (typeof ROLES)[number]

const HEADINGS: Readonly<Record<Role, RegExp>> = {
  date: /^(?:(?:posting|booking|transaction|value|payment)? ?date|datum|buchungstag|day|when)$/i,
  payee: /payee|beneficiary|supplier|vendor|merchant|counterparty|empf[aä]nger|^(?:name|to|paid to|who)$/i,
  text: /narrative|description|reference|details|memo|purpose|verwendungszweck|particulars|note|^text$/i,
  amount: /^(?:net ?|gross ?)?(?:amount|value|betrag|sum|total)(?: \(?[a-z£€$]{1,3}\)?)?$/i,
  in: /paid in|money in|credit|deposit|income|haben/i,
  out: /paid out|money out|debit|withdrawal|soll/i,
  category: /^(?:category|kategorie|account code|nominal(?: code)?)$/i,
}

/** What the columns seem to be; roles nothing fits are left out. `labels` are never taken for anything else. */
export function guessColumns({ header, rows }: Sheet, labels: readonly string[] = []): Partial<Columns> {
  const cells = (name: string) => rows.map((row) => row.cells[header.indexOf(name)] ?? '')
  const free = new Set(header.filter((name) => !labels.includes(name)))
  const found: Partial<Record<Role, string>> = {}
  const take = (role: Role, fits: (name: string) => boolean) => {
    const name = [...free].find((one) => fits(one))
    if (name === undefined || found[role] !== undefined) return
    found[role] = name
    free.delete(name)
  }
  const isFilled = (name: string) => cells(name).some((cell) => cell.trim() !== '')
  const isDays = (name: string) => isFilled(name) && Array.isArray(readDays(cells(name)))
  const isSums = (name: string) => isFilled(name) && Array.isArray(readAmounts(cells(name)))
  take('date', (name) => HEADINGS.date.test(name) && isDays(name))
  take('date', isDays)
  take('amount', (name) => HEADINGS.amount.test(name) && isSums(name))
  take('in', (name) => HEADINGS.in.test(name) && isSums(name))
  take('out', (name) => HEADINGS.out.test(name) && isSums(name))
  if (found.in === undefined && found.out === undefined) take('amount', isSums)
  for (const role of ['category', 'payee', 'text'] as const) take(role, (name) => HEADINGS[role].test(name))
  if (found.payee === undefined && found.text === undefined)
    take('text', (name) => new Set(cells(name)).size > rows.length / 4)
  const context = [...free].filter((name) => saysSomething(cells(name))).slice(0, 3)
  return { ...found, context }
}

/** A column with a few values that keep coming back. */
function saysSomething(cells: readonly string[]): boolean {
  const values = new Set(cells)
  return values.size > 1 && values.size <= 12 && values.size * 3 <= cells.length
}

/** What is still to be known before a statement can be read with these columns; undefined where nothing is. */
export function missingIn(columns: Partial<Columns>): string | undefined {
  if (columns.date === undefined) return 'the date'
  if (columns.payee === undefined && columns.text === undefined) return 'the payee or a text'
  if (columns.amount === undefined && columns.in === undefined && columns.out === undefined)
    return 'the amount'
  return undefined
}

/** What memory keeps the columns under: statements with the same headings are of the same bank. */
export const subjectOf = (header: readonly string[]): string =>
  `statement:${createHash('sha256').update(JSON.stringify(header)).digest('hex').slice(0, 16)}`
