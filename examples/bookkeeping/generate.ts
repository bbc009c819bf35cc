/**
 * `node examples/bookkeeping/generate.ts`: writes the year of a shop that does not exist into `year/`, the same every time.
 *
 * Every name is invented. The year has what makes books hard: one payee for several things, new payees, an exception by amount, a
 * habit that changes in July, texts with numbers that never come back.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cellText } from './csv.ts'

interface Habit {
  readonly payee: string
  readonly text: string
  readonly category: string
  /** About so often a month. */
  readonly often: number
  readonly from: number
  readonly to: number
  /** The first and the last month it happens in, from 1. */
  readonly months?: readonly [number, number]
}

const habit = (
  payee: string,
  text: string,
  category: string,
  often: number,
  [from, to]: readonly [number, number],
  months?: readonly [number, number],
): Habit => ({ payee, text, category, often, from, to, ...(months ? { months } : {}) })

/** `#` in a text becomes a number that is new each time; sums of money in are negative here and get a column of their own. */
const HABITS: readonly Habit[] = [
  habit('Tillbridge Card Services', 'Settlement #', 'Sales', 22, [-900, -120]),
  habit('Tillbridge Card Services', 'Fees #', 'Bank charges', 4, [9, 60]),
  habit('Tillbridge Card Services', 'Terminal rental', 'Equipment hire', 1, [24, 24]),
  habit('Harrow Lane Estates', 'Rent shop', 'Rent', 1, [1450, 1450]),
  habit('Harrow Lane Estates', 'Service charge Q#', 'Rent', 0.3, [310, 340]),
  habit('Harrow Lane Estates', 'Repair recharge #', 'Repairs', 0.4, [60, 400]),
  habit('Wheelwright Wholesale', 'INV #', 'Stock', 7, [140, 2200]),
  habit('Wheelwright Wholesale', 'INV # workshop tools', 'Tools', 1.2, [30, 190]),
  habit('Wheelwright Wholesale', 'Credit note #', 'Stock', 0.6, [-160, -20]),
  habit('Norrland Parts AB', 'Order #', 'Stock', 4, [60, 900]),
  habit('Norrland Parts AB', 'Order # carriage', 'Postage', 1.5, [12, 45]),
  habit('Paperbird Market', 'Order # ink', 'Office', 2, [8, 60]),
  habit('Paperbird Market', 'Order # tubes', 'Stock', 2, [15, 120]),
  habit('Paperbird Market', 'Order # shelving', 'Equipment', 0.7, [60, 260]),
  habit('Paperbird Market', 'Order # coffee', 'Staff', 1.2, [6, 25]),
  habit('Fernhill Filling Station', 'Pump # card', 'Fuel', 5, [38, 82]),
  habit('Fernhill Filling Station', 'Shop # card', 'Staff', 2.5, [2, 11]),
  habit('Millrace Energy', 'Electricity #', 'Utilities', 1, [95, 210]),
  habit('Millrace Energy', 'Climate levy #', 'Taxes', 1, [4, 11]),
  habit('Brook Water', 'Water #', 'Utilities', 0.35, [60, 110]),
  habit('Lantern Telecom', 'Broadband #', 'Phone', 1, [42, 42]),
  habit('Lantern Telecom', 'Mobile #', 'Phone', 2, [12, 31]),
  habit('Wages', 'A Marsh', 'Wages', 1, [1710, 1790]),
  habit('Wages', 'J Okoro', 'Wages', 1, [1190, 1240]),
  habit('Wages', 'Saturday help', 'Casual labour', 4, [60, 90]),
  habit('Van Lease Direct', 'Agreement 22871', 'Equipment hire', 1, [289, 289], [1, 6]),
  habit('Van Lease Direct', 'Agreement 22871', 'Vehicle', 1, [289, 289], [7, 12]),
  habit('Parcelwing', 'Label #', 'Postage', 9, [3, 19]),
  habit('Hedgerow Software', 'Till subscription', 'Software', 1, [39, 39]),
  habit('Hedgerow Software', 'Accounts subscription', 'Software', 1, [27, 27], [3, 12]),
  habit('Copse & Dell', 'Advert #', 'Advertising', 1, [45, 180]),
  habit('Search adverts', 'ADS #', 'Advertising', 2, [20, 140]),
  habit('Town Council', 'Business rates', 'Taxes', 1, [214, 214]),
  habit('Town Council', 'Parking permit #', 'Vehicle', 0.4, [35, 35]),
  habit('Town Council', 'Market stall #', 'Advertising', 0.8, [25, 55], [4, 10]),
  habit('Shieldmoor Insurance', 'Policy SM-4471', 'Insurance', 1, [88, 88]),
  habit('Shieldmoor Insurance', 'Van policy SM-9902', 'Vehicle', 1, [61, 61]),
  habit('R Thistle', 'Drawings', 'Drawings', 2, [300, 900]),
  habit('R Thistle', 'Expenses #', 'Travel', 1, [9, 120]),
  habit('Ridgeway Rail', 'Ticket #', 'Travel', 2, [8, 95]),
  habit('Bank', 'Account fee', 'Bank charges', 1, [9, 9]),
  habit('Bank', 'Interest', 'Bank charges', 0.6, [2, 18]),
]

/** Payees that come once or twice, some with a word that says what they are, some without. */
const ONCE: readonly (readonly [name: string, category: string, from: number, to: number])[] = [
  ['Garage', 'Vehicle', 60, 420],
  ['Cafe', 'Staff', 4, 28],
  ['Stationers', 'Office', 5, 60],
  ['Cycles', 'Stock', 40, 600],
  ['Taxis', 'Travel', 6, 38],
  ['Printers', 'Advertising', 30, 240],
  ['Locksmiths', 'Repairs', 70, 190],
  ['Training', 'Staff', 80, 350],
]
const PLACES = [
  'Ashby',
  'Birkett',
  'Calder',
  'Dunmore',
  'Elswick',
  'Fairley',
  'Garside',
  'Holt',
  'Ings',
  'Kelby',
  'Lowick',
  'Marden',
]
const NAMELESS = [
  'K Brand',
  'P & T Ltd',
  'Vantage 8',
  'Oriel Group',
  'M Sandhu',
  'Tern & Co',
  'Quillon',
  'Bexmoor',
]

/** Mulberry32: a year from a seed. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const draw = chance(20_250_101)
const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)] as T // never of an empty list
const times = (often: number): number => Math.floor(often) + (draw() < often % 1 ? 1 : 0)
/** Some sums are round. */
const sum = (from: number, to: number): number => {
  const exact = from + draw() * (to - from)
  return draw() < 0.15 ? Math.round(exact) : Math.round(exact * 100) / 100
}

function* rowsOf(month: number): Generator<{ readonly day: number; readonly cells: readonly string[] }> {
  const row = (payee: string, text: string, from: number, to: number, category: string) => {
    const day = 1 + Math.floor(draw() * new Date(Date.UTC(2025, month, 0)).getUTCDate())
    const amount = sum(from, to)
    const date = `${String(day).padStart(2, '0')}/${String(month).padStart(2, '0')}/2025`
    const money = Math.abs(amount).toFixed(2)
    const cells = [date, payee, text, amount < 0 ? '' : money, amount < 0 ? money : '', category]
    return { day, cells }
  }
  for (const { payee, text, often, from, to, category, months } of HABITS) {
    if (months && (month < months[0] || month > months[1])) continue
    for (let n = times(often); n > 0; n--)
      yield row(
        payee,
        text.replace('#', () => String(1000 + Math.floor(draw() * 9000))),
        from,
        to,
        category,
      )
  }
  for (let n = times(7); n > 0; n--) {
    const [kind, category, from, to] = pick(ONCE)
    yield row(`${pick(PLACES)} ${kind}`, 'Card payment', from, to, category)
  }
  for (let n = times(1.5); n > 0; n--) {
    const [, category, from, to] = pick(ONCE)
    yield row(pick(NAMELESS), 'Transfer', from, to, category)
  }
}

const folder = join(import.meta.dirname, 'year')
mkdirSync(folder, { recursive: true })
for (let month = 1; month <= 12; month++) {
  const rows = [...rowsOf(month)].sort((a, b) => a.day - b.day).map(({ cells }) => cells)
  const lines = [['Date', 'Payee', 'Details', 'Paid out', 'Paid in', 'Category'], ...rows]
  const text = lines.map((cells) => cells.map(cellText).join(',')).join('\n')
  writeFileSync(join(folder, `2025-${String(month).padStart(2, '0')}.csv`), `${text}\n`)
}
