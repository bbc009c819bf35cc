/** A statement as entries, and what the bookkeeper says of them where the file has it. */
import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { readAmounts, type Unreadable } from './amount.ts'
import type { Columns } from './columns.ts'
import { BadStatement, readSheet, type Sheet } from './csv.ts'
import { readDays } from './day.ts'
import type { Entry } from './entry.ts'

/** An entry, and its label if the file has one. */
export interface Stated extends Entry {
  readonly label: string | undefined
}

/** @throws {BadStatement} */
export async function openSheet(file: string): Promise<Sheet> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new BadStatement(file, undefined, `it cannot be read (${error.message}). Check the path.`)
  })
  return readSheet(basename(file), bytes)
}

/** @throws {BadStatement} naming the line */
export function statedIn(file: string, { header, rows }: Sheet, columns: Columns): readonly Stated[] {
  const short = basename(file, extname(file))
  const column = (name: string | undefined): readonly string[] => {
    if (name === undefined) return rows.map(() => '')
    const at = header.indexOf(name)
    if (at < 0)
      throw new BadStatement(
        basename(file),
        undefined,
        `it has no column "${name}". It has: ${header.join(', ')}.`,
      )
    return rows.map((row) => (row.cells[at] ?? '').trim())
  }
  const read = <T>(values: readonly T[] | Unreadable, what: string): readonly T[] => {
    if ('message' in values)
      throw new BadStatement(
        basename(file),
        rows[values.at]?.line,
        `${values.message} (column "${what}"). Correct it, or say which columns are what with --columns.`,
      )
    return values
  }
  const sums = (name: string | undefined) => read(readAmounts(column(name)), name ?? '')
  const days = read(readDays(column(columns.date)), columns.date)
  const [single, into, out] = [sums(columns.amount), sums(columns.in), sums(columns.out)]
  const [payees, texts, labels] = [column(columns.payee), column(columns.text), column(columns.category)]
  const others = columns.context.map(column)
  return rows.map(({ line }, i): Stated => {
    const text = texts[i] ?? ''
    const amount = (single[i] ?? 0) + Math.abs(into[i] ?? 0) - Math.abs(out[i] ?? 0)
    return {
      id: `${short}:${line}`,
      day: days[i] ?? 0,
      payee: columns.payee === undefined ? nameIn(text) : (payees[i] ?? ''),
      text,
      amount: Math.round(amount * 100) / 100,
      context: others.map((cells) => cells[i] ?? ''),
      label: labels[i] || undefined,
    }
  })
}

/** Who it is, where a bank has put everything into one text: without card numbers, dates and references. */
const nameIn = (text: string): string =>
  text
    .split(/\s+/)
    .filter((word) => !/\d/.test(word))
    .join(' ')
