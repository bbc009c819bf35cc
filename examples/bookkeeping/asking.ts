/** What is asked of a person at a terminal: which columns are what, and what a row is. */
import { createInterface } from 'node:readline/promises'
import type { RunHandle, Throughline } from 'throughline'
import { booksBefore, entryOf, inWords } from './books.ts'
import { Columns, guessColumns, missingIn, ROLES } from './columns.ts'
import { BadStatement, type Sheet } from './csv.ts'
import type { Month } from './month-shape.ts'

export interface Answer {
  readonly row: number
  readonly is: string
  readonly because?: string
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

/** Asks one thing; undefined once nobody answers any more. */
type Ask = (question: string) => Promise<string | undefined>

async function atTerminal<T>({ input, output }: Terminal, work: (ask: Ask) => Promise<T>): Promise<T> {
  const lines = createInterface({ input, output })
  const gone = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)))
  try {
    return await work(async (question) =>
      (await Promise.race([lines.question(question).catch(() => undefined), gone]))?.trim(),
    )
  } finally {
    lines.close()
  }
}

/** Each column is offered as it was guessed; Enter takes it, "-" says there is none. @throws {BadStatement} */
export function askColumns(sheet: Sheet, terminal: Terminal): Promise<Columns> {
  return atTerminal(terminal, async (ask) => {
    const guessed = guessColumns(sheet)
    terminal.output.write(`The columns are: ${sheet.header.join(', ')}\n`)
    const told: Record<string, string> = {}
    for (const role of ROLES) {
      for (;;) {
        const given = await ask(`  ${role} [${guessed[role] ?? '-'}]: `)
        if (given === undefined) throw new BadStatement('columns', undefined, 'nobody said which is what.')
        const name = given === '' ? guessed[role] : given
        if (name === undefined || name === '-') break
        if (sheet.header.includes(name)) {
          told[role] = name
          break
        }
        terminal.output.write(`  There is no column "${name}".\n`)
      }
    }
    const taken = new Set(Object.values(told))
    const columns = { ...told, context: (guessed.context ?? []).filter((name) => !taken.has(name)) }
    const missing = missingIn(columns)
    if (missing !== undefined)
      throw new BadStatement('columns', undefined, `without ${missing} a statement cannot be booked.`)
    return Columns.parse(columns)
  })
}

/**
 * The rows that were not filled in, one by one: a number takes one of the likely ones, text is another, Enter leaves it, "q" ends. What
 * an answer makes sure is not asked again.
 */
export function askRows(
  tl: Throughline,
  run: RunHandle<Month>,
  month: Month,
  terminal: Terminal,
): Promise<readonly Answer[]> {
  return atTerminal(terminal, async (ask) => {
    const { scope = '' } = await run.info()
    const books = await booksBefore(tl, { run: run.id, scope, isInOrder: true })
    const answers: Answer[] = []
    for (const [row, booked] of month.rows.entries()) {
      const entry = entryOf(booked)
      if (booked.category !== null) {
        books.learner.learn(entry, booked.category)
        continue
      }
      const { label, isSure, likely, why } = books.learner.suggest(entry)
      const reason = why[0] && inWords(why[0], books)
      if (isSure && label !== undefined) {
        answers.push({ row, is: label, because: `as answered before: ${reason ?? ''}` })
        books.learner.learn(entry, label)
        continue
      }
      const { date, payee, text, amount } = booked
      const offers = likely.map((one, i) => `  ${i + 1}  ${one}\n`).join('')
      terminal.output.write(`\n${date}  ${payee}  ${text}  ${amount.toFixed(2)}\n${offers}`)
      if (reason !== undefined) terminal.output.write(`     ${reason}\n`)
      const given = await ask('  category: ')
      if (given === undefined || given === 'q') break
      const is = likely[Number(given) - 1] ?? given
      if (is === '') continue
      answers.push({ row, is })
      books.learner.learn(entry, is)
    }
    return answers
  })
}
