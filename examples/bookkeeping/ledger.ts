/** A folder of statements whose answers are known: a file a month, in the order of their names. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Columns, guessColumns, missingIn } from './columns.ts'
import { BadStatement } from './csv.ts'
import { openSheet, statedIn } from './statement.ts'
import type { KnownMonth } from './tested.ts'

/** Columns that hold answers are seen by nobody but the one who counts. */
const ANSWERS = /^(?:category|code|subcategory|account|account code|nominal(?: code)?|label|kategorie)$/i

/** The ledger's months for each column of answers. Rows without an answer are left out. @throws {BadStatement} */
export async function ledgerIn(
  folder: string,
  wanted?: readonly string[],
): Promise<ReadonlyMap<string, readonly KnownMonth[]>> {
  const files = (await readdir(folder)).filter((file) => /\.csv$/i.test(file)).toSorted()
  if (files.length === 0) throw new BadStatement(folder, undefined, 'there are no .csv files in it.')
  const sheets = await Promise.all(files.map((file) => openSheet(join(folder, file))))
  const header = sheets[0]?.header ?? []
  const answers = wanted ?? header.filter((name) => ANSWERS.test(name))
  if (answers.length === 0 || answers.some((name) => !header.includes(name)))
    throw new BadStatement(
      folder,
      undefined,
      `no column of answers was found. Name it with --labels; there are: ${header.join(', ')}.`,
    )
  const hidden = [...new Set([...answers, ...header.filter((name) => ANSWERS.test(name))])]
  const rows = sheets.flatMap((sheet) => sheet.rows)
  const guessed = guessColumns({ header, rows }, hidden)
  const missing = missingIn(guessed)
  if (missing !== undefined)
    throw new BadStatement(
      folder,
      undefined,
      `it cannot be seen which column is ${missing}: ${header.join(', ')}.`,
    )
  return new Map(
    answers.map((category) => {
      const columns = Columns.parse({ ...guessed, category })
      const months = files.map((file, i): KnownMonth => {
        const sheet = sheets[i] ?? { header, rows: [] }
        const stated = statedIn(file, sheet, columns)
        const known = stated.flatMap(({ label, ...entry }) => (label === undefined ? [] : [{ entry, label }]))
        return { name: basename(file).replace(/\.csv$/i, ''), rows: known }
      })
      return [category, months]
    }),
  )
}
