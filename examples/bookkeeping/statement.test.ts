import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAmounts } from './amount.ts'
import { Columns, guessColumns, missingIn } from './columns.ts'
import { cellText, readSheet } from './csv.ts'
import { readDays } from './day.ts'
import { statedIn } from './statement.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const sheetOf = (text: string) => readSheet('s.csv', bytes(text))
const iso = (days: unknown) =>
  (days as number[]).map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))

test.each([
  [
    ['1,234.56', '7.00', '-3.5'],
    [1234.56, 7, -3.5],
  ],
  [
    ['1.234,56', '7,00', '-3,5'],
    [1234.56, 7, -3.5],
  ],
  [
    ['£1,234', '£12.00', '-£3.00', '£-3.00'],
    [1234, 12, -3, -3],
  ],
  [
    ['1 234,56 €', '−7,00 €', "1'000,10 €"],
    [1234.56, -7, 1000.1],
  ],
  [
    ['(12.00)', '12.00-', '12.00'],
    [-12, -12, 12],
  ],
  [
    ['12.00 CR', '3.00'],
    [-12, 3],
  ],
  [
    ['12.00 DR', '3.00'],
    [-12, 3],
  ],
  [
    ['12.00 CR', '3.00 DR'],
    [12, -3],
  ],
  [
    ['GBP 12.00', '', '.50'],
    [12, 0, 0.5],
  ],
  [
    ['1.234.567', '1,50'],
    [1234567, 1.5],
  ],
])('sums as %j are %j', (cells, sums) => expect(readAmounts(cells)).toEqual(sums))

test.each([['12.00.-'], ['1.2.3'], ['1,23.5,0'], ['twelve'], ['(12'], ['--3'], ['1e5'], ['Infinity']])(
  '%j is no sum',
  (cell) => expect(readAmounts(['1.00', cell])).toMatchObject({ at: 1 }),
)

test.each([
  [
    ['2025-01-31', '2025-02-01T10:00:00Z'],
    ['2025-01-31', '2025-02-01'],
  ],
  [
    ['03/01/2025', '31/01/2025'],
    ['2025-01-03', '2025-01-31'],
  ],
  [
    ['01/03/2025', '01/31/2025'],
    ['2025-01-03', '2025-01-31'],
  ],
  [
    ['01/03/2025', '02/03/2025', '03/03/2025'],
    ['2025-03-01', '2025-03-02', '2025-03-03'],
  ],
  [
    ['03/01/2025', '03/02/2025', '03/12/2025'],
    ['2025-03-01', '2025-03-02', '2025-03-12'],
  ],
  [
    ['31.1.25', '1.2.25'],
    ['2025-01-31', '2025-02-01'],
  ],
  [
    ['3 Jan 2025', '31-Jan-25', 'Feb 1, 2025'],
    ['2025-01-03', '2025-01-31', '2025-02-01'],
  ],
])('dates as %j are %j', (cells, days) => expect(iso(readDays(cells))).toEqual(days))

test.each([
  [['31/02/2025'], 0],
  [['13/01/2025', '01/13/2025'], 1],
  [['2025-01-01', 'yesterday'], 1],
])('%j are no dates', (cells, at) => expect(readDays(cells)).toMatchObject({ at }))

test('what is written as a cell is read as the same cell', () => {
  const cell = fc.string().filter((text) => !/^[=+@\t\r-]/.test(text) && !text.includes('\r'))
  const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 3, maxLength: 8 })
  fc.assert(
    fc.property(rows, (all) => {
      const wanted = all.filter((cells) => cells.some((one) => one.trim() !== ''))
      const text = [['a', 'b', 'c'], ...all].map((cells) => cells.map(cellText).join(',')).join('\n')
      expect(sheetOf(text).rows.map(({ cells }) => cells)).toEqual(wanted)
    }),
  )
})

const LAYOUTS = {
  'ISO dates, one signed column':
    'Date,Payee,Memo,Amount\n2025-01-03,Acme,INV 1,-12.50\n2025-01-31,Bolt,"a, b",3.00\n',
  'a byte order mark, semicolons, decimal commas':
    '\uFEFFBuchungstag;Empfänger;Verwendungszweck;Betrag\r\n03.01.2025;Acme;INV 1;-12,50\r\n31.01.2025;Bolt;"a, b";3,00\r\n',
  'a column for each direction, pounds, day first':
    'Date,Description,Paid out,Paid in\n03/01/2025,Acme INV 1,£12.50,\n31/01/2025,Bolt,,£3.00\n',
  'lines above the header, a line break in a cell':
    'Account 12345678\n\nDate,Payee,Details,Amount\n03/01/2025,Acme,"INV\n1",-12.50\n31/01/2025,Bolt,"a ""b""",3.00\n',
  tabs: 'Date\tName\tReference\tValue\n3 Jan 2025\tAcme\tINV 1\t-12.50\n31 Jan 2025\tBolt\tx\t3.00\n',
}

test.each(Object.entries(LAYOUTS))('a statement with %s is read without being told how', (_, text) => {
  const sheet = sheetOf(text)
  const columns = guessColumns(sheet)
  expect(missingIn(columns)).toBeUndefined()
  const stated = statedIn('s.csv', sheet, Columns.parse(columns))
  expect(stated.map(({ day, amount }) => [...iso([day]), amount])).toEqual([
    ['2025-01-03', -12.5],
    ['2025-01-31', 3],
  ])
  expect(stated[0]?.payee).toMatch(/^Acme/)
})

test('a file of an older encoding keeps its letters', () => {
  const text = Uint8Array.from('Date,Payee,Amount\n2025-01-03,Caf\u00e9,1\n2025-01-04,B,2', (letter) =>
    letter.charCodeAt(0),
  )
  expect(readSheet('s.csv', text).rows[0]?.cells[1]).toBe('Café')
})

test.each([
  ['', /no table/],
  ['just text\n', /no table/],
  ['a,b\n1,"2\n', /line 2: a quotation mark is opened/],
  ['a,b\n1,"2"x\n', /line 2: there is text after/],
  ['a,b\n1,2\n3,4\n1,2,3\n', /line 4: it has 3 cells/],
  ['a,a\n1,2\n', /two columns are named "a"/],
])('what is no statement is refused: %j', (text, message) => expect(() => sheetOf(text)).toThrow(message))

test('a cell that cannot be read is named by its line', () => {
  const sheet = sheetOf('Date,Payee,Amount\n2025-01-03,Acme,1\n2025-01-04,Bolt,one\n')
  const columns = Columns.parse({ date: 'Date', payee: 'Payee', amount: 'Amount' })
  expect(() => statedIn('my.csv', sheet, columns)).toThrow(/my.csv, line 3: "one" is no sum of money/)
})
