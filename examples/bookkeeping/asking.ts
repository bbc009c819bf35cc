/** What is asked of a person at a terminal: which columns are what, and what a row is. */
import { createInterface, type Interface } from 'node:readline/promises'
import type { RunHandle, Throughline } from 'throughline'
import { booksBefore, entryOf, inWords } from './books.ts'
import { Columns, guessColumns, missingIn, ROLES } from './columns.ts'
import type { Sheet } from './csv.ts'
import type { Month } from './month-shape.ts'

export interface Answer {
  readonly row: number
  readonly is: string
  readonly because?: string
}

const atTerminal = async <T>(work: (terminal: Interface) => Promise<T>): Promise<T> => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await work(terminal)
  } finally {
    terminal.close()
  }
}

/** Each column is offered as it was guessed; Enter takes it, "-" says there is none. */
export function askColumns(sheet: Sheet): Promise<Columns> {
  return atTerminal(async (terminal) => {
    const guessed = guessColumns(sheet)
    process.stderr.write(`The columns are: ${sheet.header.join(', ')}\n`)
    const told: Record<string, string> = {}
    for (const role of ROLES) {
      for (;;) {
        const given = (await terminal.question(`  ${role} [${guessed[role] ?? '-'}]: `)).trim()
        const name = given === '' ? guessed[role] : given
        if (name === undefined || name === '-') break
        if (sheet.header.includes(name)) {
          told[role] = name
          break
        }
        process.stderr.write(`  There is no column "${name}".\n`)
      }
    }
    const taken = new Set(Object.values(told))
    const context = (guessed.context ?? []).filter((name) => !taken.has(name))
    const columns = Columns.parse({ ...told, context })
    const missing = missingIn(columns)
    if (missing !== undefined) throw new Error(`Without ${missing} a statement cannot be booked.`)
    return columns
  })
}

/** The rows that were not filled in, one by one: a number takes one of the likely ones, text is another, Enter leaves it, "q" ends. */
export function askRows(tl: Throughline, run: RunHandle<Month>, month: Month): Promise<readonly Answer[]> {
  return atTerminal(async (terminal) => {
    const { scope = '' } = await run.info()
    const books = await booksBefore(tl, { run: run.id, scope, isInOrder: true })
    const answers: Answer[] = []
    for (const [row, booked] of month.rows.entries()) {
      const entry = entryOf(booked)
      const { label, isSure, likely, why } = books.learner.suggest(entry)
      let is = booked.category ?? undefined
      if (is === undefined && isSure && label !== undefined) {
        is = label
        answers.push({
          row,
          is,
          because: `as answered before: ${why.map((one) => inWords(one, books)).join('; ')}`,
        })
      } else if (is === undefined) {
        const { date, payee, text, amount } = booked
        process.stderr.write(`\n${date}  ${payee}  ${text}  ${amount.toFixed(2)}\n`)
        for (const [i, one] of likely.entries()) process.stderr.write(`  ${i + 1}  ${one}\n`)
        if (why[0]) process.stderr.write(`     ${inWords(why[0], books)}\n`)
        const given = (await terminal.question('  category: ')).trim()
        if (given === 'q') break
        is = likely[Number(given) - 1] ?? (given || undefined)
        if (is !== undefined) answers.push({ row, is })
      }
      if (is !== undefined) books.learner.learn(entry, is)
    }
    return answers
  })
}
