/**
 * In what an entry is like others: the keys under which labels are counted.
 *
 * From the narrow (the same payee, text and amount) to the broad (the same word): which of them can be relied on is not said here, it
 * is learned from the ledger.
 */
import { plainWords, shapeOf, wordsOf, type Entry } from './entry.ts'

export interface Key {
  /** The same for all keys of a kind; people read it after "the same". */
  readonly kind: string
  readonly id: string
  /** Words of one entry share one vote. */
  readonly share: number
}

/** What the entries before this one came to. */
export interface Before {
  readonly ofPayee: string | undefined
  readonly ofText: string | undefined
}

const MOST_WORDS = 8

export function keysOf(entry: Entry, before: Before | undefined): readonly Key[] {
  const payee = plainWords(entry.payee)
  const text = plainWords(entry.text)
  const pattern = text.replaceAll(/\d+/g, '#')
  const shape = shapeOf(entry.text)
  const [amount, band, wideBand] = [String(entry.amount), bandOf(entry.amount, 2), bandOf(entry.amount, 1)]
  const keys: Key[] = []
  const add = (kind: string, ...values: readonly string[]) =>
    keys.push({ kind, id: `${kind}\n${values.join('|')}`, share: 1 })

  add('ledger')
  add('payee', payee)
  add('payee and amount', payee, amount)
  add('payee and size of amount', payee, band)
  add('payee and rough size of amount', payee, wideBand)
  add('payee and roundness of amount', payee, roundnessOf(entry.amount))
  add('payee and day of the month', payee, String(new Date(entry.day * 86_400_000).getUTCDate()))
  add('payee and form of text', payee, shape)
  add('form of text', shape)
  add('amount', amount)
  add('rough size of amount', wideBand)
  if (text !== '') {
    add('payee and text', payee, text)
    add('payee and text but for numbers', payee, pattern)
    add('text', text)
    add('text but for numbers', pattern)
  }
  for (const [i, said] of entry.context.entries()) {
    const other = `column ${i + 1}`
    add(other, said)
    add(`payee and ${other}`, payee, said)
    add(`form of text and ${other}`, said, shape)
    add(`size of amount and ${other}`, said, band)
    add(`payee, amount and ${other}`, payee, said, amount)
    add(`payee, rough size of amount and ${other}`, payee, said, wideBand)
    if (text !== '') add(`payee, text and ${other}`, payee, said, text)
  }
  if (before?.ofPayee !== undefined) {
    add('payee and what came before', payee, before.ofPayee)
    if (text !== '') add('payee, text and what came before', payee, text, before.ofText ?? '')
  }
  const shared = (kind: string, words: readonly string[], ...of: readonly string[]) => {
    for (const word of words)
      keys.push({ kind, id: `${kind}\n${[...of, word].join('|')}`, share: 1 / words.length })
  }
  const words = wordsOf(text, MOST_WORDS)
  const names = wordsOf(payee, MOST_WORDS)
  shared('word', words)
  shared('payee and word', words, payee)
  shared('word of the name', names)
  for (const [i, said] of entry.context.entries()) {
    shared(`word and column ${i + 1}`, words, said)
    shared(`word of the name and column ${i + 1}`, names, said)
  }
  return keys
}

/** Amounts within a half of a doubling (`steps` 2), or a doubling, are of one band; credits are of others. */
function bandOf(amount: number, steps: number): string {
  const band = Math.round(steps * Math.log2(Math.abs(amount) + 0.01))
  return `${amount < 0 ? '-' : ''}${band}`
}

/** People choose round sums, meters do not. */
function roundnessOf(amount: number): string {
  const cents = Math.round(Math.abs(amount) * 100)
  if (cents % 1000 === 0) return 'tens'
  if (cents % 100 === 0) return 'ones'
  return cents % 10 === 0 ? 'tenths' : 'hundredths'
}
