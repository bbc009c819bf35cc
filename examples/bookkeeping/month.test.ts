import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { open, type GivenFeedback, type RunHandle, type Throughline } from 'throughline'
import type { Month } from './month-shape.ts'
import { monthTask } from './month.ts'
import { openSheet } from './statement.ts'

const folder = mkdtempSync(join(tmpdir(), 'bookkeeping-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const year = join(import.meta.dirname, 'year')

async function withBooks<T>(store: string, work: (tl: Throughline) => Promise<T>): Promise<T> {
  const tl: Throughline = await open({ store: join(folder, store), tasks: [monthTask(() => tl)] })
  try {
    return await work(tl)
  } finally {
    await tl.close()
  }
}

const book = (tl: Throughline, month: string): Promise<RunHandle<Month>> =>
  tl.start(
    monthTask(() => tl),
    { file: join(year, `${month}.csv`) },
    { scope: 'shop', key: month },
  )

/** What the file says, as the bookkeeper's word. */
async function correct(run: RunHandle<Month>, month: string): Promise<number> {
  const { rows } = await openSheet(join(year, `${month}.csv`))
  const { rows: booked } = await run.result()
  const given = rows.flatMap(({ cells }, row): GivenFeedback[] => {
    const [was, is] = [booked[row]?.category ?? null, cells.at(-1)]
    return was === is ? [] : [{ path: ['rows', row, 'category'], was, is, by: 'ada' }]
  })
  return (await run.feedback(given)).length
}

test(
  'the next months need fewer corrections, whichever process books them',
  { timeout: 120_000 },
  async () => {
    const needed: number[] = []
    for (const month of ['2025-01', '2025-02', '2025-03', '2025-04']) {
      const n = await withBooks('fewer.db', async (tl) => {
        const run = await book(tl, month)
        await run.result()
        return correct(run, month)
      })
      needed.push(n)
    }
    expect(needed[0]).toBe(100)
    expect(needed[3]).toBeLessThan(20)
    await withBooks('fewer.db', async (tl) => {
      const run = await book(tl, '2025-04')
      const { rows } = await run.result()
      const filled = rows.filter(({ category }) => category !== null)
      expect(filled.every(({ why }) => /^\d+ of \d+ .*2025-0[1-3]:\d+/.test(why[0] ?? ''))).toBe(true)
      expect(filled.some(({ why }) => why.some((one) => /ada, item_/.test(one)))).toBe(true)
      expect((await tl.verify()).breaks).toEqual([])
    })
  },
)

test('what is decided about a payee by hand holds, and says who decided it', async () => {
  await withBooks('decided.db', async (tl) => {
    const reason = { choice: 'Gifts', because: 'They are presents for customers' }
    await tl.memory.decide({ subject: 'payee:Paperbird Market', scope: 'shop', ...reason }, { by: 'ada' })
    const { rows } = await (await book(tl, '2025-01')).result()
    const bought = rows.filter(({ payee }) => payee === 'Paperbird Market')
    expect(new Set(bought.map(({ category }) => category))).toEqual(new Set(['Gifts']))
    expect(bought[0]?.why[0]).toMatch(/^ada decided it: They are presents for customers \(item_/)
    expect(rows.filter(({ category }) => category !== null)).toHaveLength(bought.length)
  })
})

test('a confirmed guess makes no convention, and a row nobody answered is not learned from', async () => {
  await withBooks('asked.db', async (tl) => {
    const first = await book(tl, '2025-01')
    await first.result()
    const sales = (await first.result()).rows.findIndex(({ payee }) => payee === 'Tillbridge Card Services')
    await first.feedback({ path: ['rows', sales, 'category'], was: null, is: 'Sales', by: 'ada' })
    const second = await book(tl, '2025-02')
    const { rows } = await second.result()
    expect(new Set(rows.flatMap(({ likely }) => likely))).toEqual(new Set(['Sales']))
    const row = rows.findIndex(({ likely }) => likely[0] === 'Sales')
    const confirmed = await second.feedback({ path: ['rows', row, 'category'], was: null, is: 'Sales' })
    expect(confirmed).toMatchObject({ rule: 'task', convention: undefined })
  })
})

/** The command, without a terminal. */
function start(
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const command = ['--conditions=throughline-source', join(import.meta.dirname, 'start.ts'), ...args]
  return new Promise((resolve) =>
    execFile(process.execPath, command, { cwd: folder }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ),
  )
}

test(
  'a statement of one’s own is booked, corrected in a spreadsheet, and learned from',
  { timeout: 120_000 },
  async () => {
    const statement = (month: number) =>
      `\uFEFFBuchungstag;Wer;Verwendungszweck;Betrag\r\n${Array.from(
        { length: 40 },
        (_, n) =>
          `${String((n % 28) + 1).padStart(2, '0')}.0${month}.2025;${n % 2 ? 'Taxi "Blitz"' : 'Mühle'};RNr ${month}${n};-${n + 10},50`,
      )
        .join('\r\n')
        .replaceAll('"Blitz"', 'Blitz')}\r\n`
    writeFileSync(join(folder, 'one.csv'), statement(1))
    writeFileSync(join(folder, 'two.csv'), statement(2))
    const unknown = await start('one.csv', '--columns', 'payee=Niemand')
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('columns: Buchungstag, Wer')])
    const first = await start(
      'one.csv',
      '--columns',
      'date=Buchungstag,payee=Wer,text=Verwendungszweck,amount=Betrag',
    )
    expect(first.err).toContain('Remembered')
    expect(first.out).toContain('40 rows, 0 booked, 40 to be answered')

    const booked = join(folder, 'one.booked.csv')
    const answered = readFileSync(booked, 'utf8').replaceAll(
      /^(.*(Taxi|Mühle).*?-[\d.]+),,/gm,
      (_, head: string, who: string) => `${head},${who === 'Taxi' ? 'Travel' : 'Food'},`,
    )
    writeFileSync(booked, answered)
    const taken = await start('--corrected', booked, '--by', 'ada')
    expect(taken.out).toMatch(/^40 corrections of run_\w+, which became 2 conventions/)
    expect((await start('--corrected', booked)).out).toMatch(/^0 corrections/)

    const second = await start('two.csv')
    expect(second.err).toBe('')
    const likely = readFileSync(join(folder, 'two.booked.csv'), 'utf8')
    expect(likely).toMatch(/Taxi Blitz,RNr 21,-11.50,(Travel)?,Travel/)
    expect(likely).toContain('(ada, item_')
  },
)

test('what cannot be read leaves no run behind', async () => {
  writeFileSync(join(folder, 'bad.csv'), 'Date,Payee,Amount\n2025-01-01,Acme,1\n2025-01-32,Acme,2\n')
  const columns = 'date=Date,payee=Payee,amount=Amount'
  const refused = await start('bad.csv', '--store', 'bad.db', '--columns', columns)
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringContaining('bad.csv, line 3: "2025-01-32" is no date'),
  ])
  const tl = await open({ store: join(folder, 'bad.db'), worker: false })
  expect((await tl.runs.list()).runs).toEqual([])
  await tl.close()
})
