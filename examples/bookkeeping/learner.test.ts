import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Entry } from './entry.ts'
import { Learner } from './learner.ts'
import { ledgerIn } from './ledger.ts'
import { testOn, together, type Known, type KnownMonth } from './tested.ts'
import { Threshold } from './threshold.ts'

const payments = join(import.meta.dirname, '../../test/data/payments-2018')
const year = join(import.meta.dirname, 'year')

let made = 0
const entry = (payee: string, text: string, amount: number): Entry => ({
  id: `e:${++made}`,
  day: 20_000 + made,
  payee,
  text,
  amount,
  context: [],
})

test('an exception is learned beside the rule, and each says what it rests on', () => {
  const learner = new Learner()
  for (let n = 0; n < 12; n++) {
    learner.learn(entry('Fernhill', `Pump ${n}`, 50 + n), 'Fuel')
    learner.learn(entry('Fernhill', `Shop ${n}`, 4 + n / 10), 'Staff')
  }
  const pump = learner.suggest(entry('Fernhill', 'Pump 99', 61))
  const shop = learner.suggest(entry('Fernhill', 'Shop 99', 5))
  expect([pump.label, shop.label]).toEqual(['Fuel', 'Staff'])
  expect(shop.why[0]?.entries.length).toBeGreaterThan(0)
  expect(shop.why.every(({ times, of }) => times > 0 && times <= of)).toBe(true)
})

test('a payee nobody has seen is known by a word of its name; what is like nothing has no suggestion', () => {
  const learner = new Learner()
  expect(learner.suggest(entry('Ashby Taxis', '', 12))).toMatchObject({
    label: undefined,
    isSure: false,
    why: [],
  })
  for (const place of ['Ashby', 'Holt', 'Ings']) {
    learner.learn(entry(`${place} Taxis`, '', 12), 'Travel')
    learner.learn(entry(`${place} Cafe`, '', 12), 'Staff')
  }
  expect(learner.suggest(entry('Kelby Taxis', '', 12)).label).toBe('Travel')
})

test('a habit that changes is followed', () => {
  const learner = new Learner()
  for (let n = 0; n < 8; n++) learner.learn(entry('Van Lease', 'Agreement', 289), 'Hire')
  made += 200
  for (let n = 0; n < 5; n++) learner.learn(entry('Van Lease', 'Agreement', 289), 'Vehicle')
  expect(learner.suggest(entry('Van Lease', 'Agreement', 289)).label).toBe('Vehicle')
})

test('nothing is sure before enough was seen to turn out right', () => {
  const threshold = new Threshold()
  for (let n = 0; n < 20; n++) threshold.observe(0.999, true)
  expect(threshold.isSure(0.999)).toBe(false)
  for (let n = 0; n < 60; n++) threshold.observe(0.999, true)
  expect([threshold.isSure(0.999), threshold.isSure(0.5)]).toEqual([true, false])
  for (let n = 0; n < 10; n++) threshold.observe(0.999, false)
  expect(threshold.isSure(0.999)).toBe(false)
})

test('the same ledger gives the same suggestions', async () => {
  const [months] = (await ledgerIn(year)).values()
  expect(testOn(months ?? [], 'each month')).toEqual(testOn(months ?? [], 'each month'))
})

const secondHalf = (months: readonly KnownMonth[], learns: 'each row' | 'each month') =>
  together('', testOn(months, learns).slice(6))
const fewer = ({ wrong, trivial }: { readonly wrong: number; readonly trivial: number }) =>
  1 - wrong / trivial

test.each([
  ['category', 0.35],
  ['code', 0.2],
])(
  'a real ledger by %s, months 7 to 12: fewer corrections than by the commonest',
  { timeout: 120_000 },
  async (label, least) => {
    const months = (await ledgerIn(payments, [label])).get(label) ?? []
    const tested = secondHalf(months, 'each row')
    expect(tested.rows).toBeGreaterThan(10_000)
    expect(fewer(tested)).toBeGreaterThanOrEqual(least)
    expect(tested.amongThree / tested.rows).toBeGreaterThanOrEqual(0.9)
    // Also where whatever is asked counts as a correction, though a person only confirms it.
    const touched = tested.rows - tested.silent + tested.silentlyWrong
    expect(fewer({ ...tested, wrong: touched })).toBeGreaterThanOrEqual(least)
    expect(tested.silentlyWrong / tested.silent).toBeLessThanOrEqual(0.05)
    expect(tested.explained).toBe(tested.rows)
  },
)

/** The same ledger as others might keep it. A third of its payees, so that each is quick. */
const changed: Readonly<Record<string, (row: Known) => Known>> = {
  'without texts': ({ entry: of, label }) => ({ label, entry: { ...of, text: '' } }),
  'without departments': ({ entry: of, label }) => ({ label, entry: { ...of, context: [] } }),
  'with every payee and word renamed': ({ entry: of, label }) => ({
    label,
    entry: { ...of, payee: renamed(of.payee), text: renamed(of.text) },
  }),
  'with payments negative and named otherwise': ({ entry: of, label }) => ({
    label: `(${label})`,
    entry: { ...of, amount: -of.amount, payee: `BACS ${of.payee.toLowerCase()} GB` },
  }),
}
const renamed = (text: string) =>
  text.replaceAll(/\p{L}+/gu, (word) =>
    String.fromCodePoint(...Buffer.from(word).map((byte) => 97 + (byte % 26))),
  )

test.each(Object.entries(changed))(
  'the ledger %s is learned as well',
  { timeout: 60_000 },
  async (_, change) => {
    const months = (await ledgerIn(payments, ['category'])).get('category') ?? []
    const some = months.map(({ name, rows }) => ({
      name,
      rows: rows.filter(({ entry: { payee } }) => payee.length % 3 === 0).map((row) => change(row)),
    }))
    const tested = secondHalf(some, 'each month')
    expect(fewer(tested)).toBeGreaterThanOrEqual(0.35)
    expect(tested.amongThree / tested.rows).toBeGreaterThanOrEqual(0.9)
    expect(tested.silentlyWrong / Math.max(1, tested.silent)).toBeLessThanOrEqual(0.05)
  },
)
