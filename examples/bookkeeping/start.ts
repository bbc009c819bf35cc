/**
 * `node --conditions=throughline-source examples/bookkeeping/start.ts`: a shop's year, booked month by month. With statements of your own:
 * `… start.ts my.csv`. See README.md.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { open, ThroughlineError, type GivenFeedback, type RunHandle, type Throughline } from 'throughline'
import { askColumns, askRows } from './asking.ts'
import { Columns, guessColumns, missingIn, ROLES, subjectOf } from './columns.ts'
import { BadStatement, type Sheet } from './csv.ts'
import { curve, type Point } from './curve.ts'
import type { Month } from './month-shape.ts'
import { monthTask } from './month.ts'
import { correctionsIn, writeBooked } from './sheet-out.ts'
import { openSheet, statedIn } from './statement.ts'
import { Commonest } from './trivial.ts'

const say = (text = ''): void => void process.stdout.write(`${text}\n`)
const terminal = { input: process.stdin, output: process.stderr }
const remark = (text: string): void => void process.stderr.write(`${text}\n`)

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: 'string', default: 'file:./bookkeeping.db' },
    scope: { type: 'string', default: 'books' },
    by: { type: 'string', default: 'bookkeeper' },
    columns: { type: 'string' },
    corrected: { type: 'string' },
    'no-ask': { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  if (flags.corrected !== undefined)
    return withBooks(flags.store, (tl) => takeCorrections(tl, String(flags.corrected)))
  if (files.length > 0) return withBooks(flags.store, (tl) => bookOwn(tl, files))
  const folder = mkdtempSync(join(tmpdir(), 'bookkeeping-'))
  try {
    await withBooks(join(folder, 'books.db'), bookYear)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function withBooks(store: string, work: (tl: Throughline) => Promise<void>): Promise<void> {
  const tl: Throughline = await open({ store, tasks: [monthTask(() => tl)] })
  try {
    await work(tl)
  } finally {
    await tl.close()
  }
}

/** The same file is booked once: asked for again, its run is found, or goes on where it stopped. */
async function book(
  tl: Throughline,
  file: string,
): Promise<{ readonly run: RunHandle<Month>; readonly month: Month }> {
  const key = createHash('sha256')
    .update(basename(file))
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 32)
  const task = monthTask(() => tl)
  const run = await tl.start(
    task,
    { file: resolve(file) },
    { key, scope: flags.scope, reuse: 'after-failure' },
  )
  return { run, month: await run.result() }
}

/** The shop that ships with the example: the file's own categories play the bookkeeper, who corrects what is wrong or missing. */
async function bookYear(tl: Throughline): Promise<void> {
  const year = join(import.meta.dirname, 'year')
  say('A generated year of a shop that does not exist. Each month is booked, corrected, and learned from.\n')
  const points: Point[] = []
  const commonest = new Commonest()
  let last: { readonly run: RunHandle<Month>; readonly month: Month } | undefined
  for (const name of (await readdir(year)).filter((one) => one.endsWith('.csv')).toSorted()) {
    last = await book(tl, join(year, name))
    points.push(await review(tl, join(year, name), last, commonest))
  }
  for (const line of curve(points)) say(line)
  if (!last) return
  const example = last.month.rows.find(({ category, why }) => category !== null && why[0]?.includes('item_'))
  if (example) {
    say(`\nWhy is ${example.payee}, “${example.text}” of ${example.date}, ${example.category ?? ''}?`)
    for (const reason of example.why) say(`  ${reason}`)
  }
  const [convention] = (await tl.memory.list({ scope: flags.scope, kinds: ['preference'] })).items
  if (convention) {
    const { statement, author, evidence } = convention
    say(`\nThe latest convention: ${statement}.`)
    say(
      `  ${author} said so of ${evidence[0]?.path ?? ''} of ${evidence[0]?.run ?? ''}: ${evidence[0]?.quote ?? ''}`,
    )
  }
  const { events, breaks } = await tl.verify()
  say(
    `\n${events} events on the record; ${breaks.length === 0 ? 'it verifies.' : `${breaks.length} breaks.`}`,
  )
}

/** Whatever the file itself says of a row is the bookkeeper's word. */
async function review(
  tl: Throughline,
  file: string,
  { run, month }: { readonly run: RunHandle<Month>; readonly month: Month },
  commonest: Commonest,
): Promise<Point> {
  const sheet = await openSheet(file)
  const stated = statedIn(file, sheet, await columnsOf(tl, sheet))
  const standing = await run.corrected()
  const given = stated.flatMap(({ label }, row): GivenFeedback[] => {
    const was = standing.rows[row]?.category ?? null
    return label === undefined || was === label ? [] : [correction(row, was, label)]
  })
  await run.feedback(given)
  const known = stated.filter(({ label }) => label !== undefined)
  const wrong = stated.filter(
    ({ label }, row) => label !== undefined && month.rows[row]?.likely[0] !== label,
  ).length
  const trivial = known.filter(({ payee, label }) => commonest.suggest(payee) !== label).length
  for (const { payee, label } of known) if (label !== undefined) commonest.learn(payee, label)
  return { name: basename(file, '.csv'), rows: known.length, wrong, trivial }
}

const correction = (row: number, was: string | null, is: string, because?: string): GivenFeedback => ({
  path: ['rows', row, 'category'],
  was,
  is,
  by: flags.by,
  ...(because === undefined ? {} : { because }),
})

async function bookOwn(tl: Throughline, statements: readonly string[]): Promise<void> {
  const points: Point[] = []
  const commonest = new Commonest()
  for (const file of statements) {
    // Read before anything starts, so that what cannot be read leaves no failed run behind.
    const sheet = await openSheet(file)
    await rememberColumns(tl, sheet)
    statedIn(file, sheet, await columnsOf(tl, sheet))
    const { run, month } = await book(tl, file)
    const point = await review(tl, file, { run, month }, commonest)
    if (point.rows > 0) points.push(point)
    if (process.stdin.isTTY && !flags['no-ask']) {
      const standing = await run.corrected()
      const answers = await askRows(tl, run, standing, terminal)
      await run.feedback(answers.map(({ row, is, because }) => correction(row, null, is, because)))
    }
    const booked = await run.corrected()
    const out = `${file.replace(/\.csv$/i, '')}.booked.csv`
    await writeBooked(out, run.id, booked)
    const open = booked.rows.filter(({ category }) => category === null).length
    say(
      `${basename(file)}: ${booked.rows.length} rows, ${booked.rows.length - open} booked, ${open} to be answered.`,
    )
    say(`  Look through ${relative('', out)}, correct its column "category", then:`)
    say(
      `  node --conditions=throughline-source examples/bookkeeping/start.ts --corrected ${relative('', out)}`,
    )
  }
  if (points.length > 1) for (const line of ['', ...curve(points)]) say(line)
}

async function takeCorrections(tl: Throughline, file: string): Promise<void> {
  const { run, given } = await correctionsIn(tl, file)
  const taken = await (await tl.run(run)).feedback(given.map((one) => ({ ...one, by: flags.by })))
  const conventions = new Set(taken.flatMap(({ convention }) => convention ?? []))
  say(`${taken.length} corrections of ${run}, which became ${conventions.size} conventions.`)
}

/** As memory has them, or as they seem to be. */
async function columnsOf(tl: Throughline, sheet: Sheet): Promise<Columns> {
  const [known] = await tl.memory.recall({
    subject: subjectOf(sheet.header),
    kinds: ['preference'],
    scope: flags.scope,
    limit: 1,
  })
  return Columns.parse(known ? known.item.value : guessColumns(sheet))
}

/** Which column is what is asked once for statements with these headings. */
async function rememberColumns(tl: Throughline, sheet: Sheet): Promise<void> {
  const subject = subjectOf(sheet.header)
  const [known] = await tl.memory.recall({ subject, kinds: ['preference'], scope: flags.scope, limit: 1 })
  if (known && flags.columns === undefined) return
  const told = await toldColumns(sheet)
  const roles = ROLES.flatMap((role) => (told[role] === undefined ? [] : [`${role} is "${told[role]}"`]))
  const besides = told.context.length > 0 ? `; ${told.context.join(', ')} may say something, too` : ''
  const statement = `In statements with the columns ${sheet.header.join(', ')}: ${roles.join(', ')}${besides}`
  const item = {
    kind: 'preference',
    subject,
    predicate: 'columns',
    value: told,
    statement,
    scope: flags.scope,
  } as const
  await tl.memory.remember({ ...item, ...(known ? { supersedes: known.item.id } : {}) }, { by: flags.by })
  remark(`${statement}. (Remembered; --columns changes it.)`)
}

async function toldColumns(sheet: Sheet): Promise<Columns> {
  if (flags.columns === undefined && process.stdin.isTTY && !flags['no-ask'])
    return askColumns(sheet, terminal)
  const told = Object.fromEntries((flags.columns ?? '').split(',').flatMap((one) => pairIn(one, sheet)))
  const guessed = flags.columns === undefined ? guessColumns(sheet) : { context: guessColumns(sheet).context }
  const taken = new Set(Object.values(told))
  const columns = { ...guessed, ...told, context: (guessed.context ?? []).filter((name) => !taken.has(name)) }
  const missing = missingIn(columns)
  if (missing !== undefined)
    throw new BadStatement(
      '--columns',
      undefined,
      `say which column is ${missing}: --columns date=…,payee=…,amount=…. There are: ${sheet.header.join(', ')}.`,
    )
  return Columns.parse(columns)
}

function pairIn(text: string, { header }: Sheet): readonly (readonly [string, string])[] {
  if (text === '') return []
  const [role = '', ...rest] = text.split('=')
  const name = rest.join('=')
  if (!ROLES.some((one) => one === role) || !header.includes(name))
    throw new BadStatement(
      '--columns',
      undefined,
      `"${text}" is no role and column. Roles: ${ROLES.join(', ')}; columns: ${header.join(', ')}.`,
    )
  return [[role, name]]
}

try {
  await main()
} catch (error) {
  const isRequest =
    error instanceof BadStatement || (error instanceof ThroughlineError && error.code !== 'run_failed')
  remark(error instanceof Error ? error.message : String(error))
  process.exitCode = isRequest ? 2 : 1
}
