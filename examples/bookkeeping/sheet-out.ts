/** A booked month as a file a spreadsheet opens, and the corrections somebody made in it. */
import { writeFile } from 'node:fs/promises'
import type { GivenFeedback, Throughline } from 'throughline'
import { BadStatement, cellText } from './csv.ts'
import { TASK, type Month } from './month-shape.ts'
import { openSheet } from './statement.ts'

const HEADER = ['row', 'date', 'payee', 'text', 'amount', 'category', 'likely', 'why', 'run'] as const

export async function writeBooked(file: string, run: string, { rows }: Month): Promise<void> {
  const lines = rows.map(({ id, date, payee, text, amount, category, likely, why }) =>
    [id, date, payee, text, amount.toFixed(2), category ?? '', likely.join(' / '), why.join('; '), run]
      .map(cellText)
      .join(','),
  )
  await writeFile(file, `\uFEFF${[HEADER.join(','), ...lines].join('\n')}\n`)
}

/** What was changed in the file since it was written, as corrections. @throws {BadStatement} */
export async function correctionsIn(
  tl: Throughline,
  file: string,
): Promise<{ readonly run: string; readonly given: readonly GivenFeedback[] }> {
  const { header, rows } = await openSheet(file)
  const cell = (cells: readonly string[], name: (typeof HEADER)[number]) =>
    (cells[header.indexOf(name)] ?? '').trim().replace(/^'(?=[=+@-])/, '')
  const runs = new Set(rows.map(({ cells }) => cell(cells, 'run')))
  const [run = ''] = runs
  const absent = HEADER.filter((name) => !header.includes(name))
  if (absent.length > 0 || runs.size !== 1 || run === '')
    throw new BadStatement(
      file,
      undefined,
      'it is no file of booked rows. Give the one that was written beside your statement.',
    )
  const handle = await tl.run<Month>(run)
  const { task } = await handle.info()
  if (task !== TASK)
    throw new BadStatement(file, undefined, `${run} is a run of "${task}", not of a month of books.`)
  const standing = await handle.corrected()
  const places = new Map(standing.rows.map(({ id }, i) => [id, i]))
  const given = rows.flatMap(({ line, cells }): GivenFeedback[] => {
    const row = places.get(cell(cells, 'row'))
    if (row === undefined)
      throw new BadStatement(file, line, `there is no row "${cell(cells, 'row')}" in ${run}.`)
    const was = standing.rows[row]?.category ?? null
    const is = cell(cells, 'category')
    return is === '' || is === was ? [] : [{ path: ['rows', row, 'category'], was, is }]
  })
  return { run, given }
}
