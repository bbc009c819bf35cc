/** A line of a bank statement or a ledger, and words as they are compared. */

export interface Entry {
  /** Names it for people: the file, and the row in it. */
  readonly id: string
  /** Days since 1970. */
  readonly day: number
  readonly payee: string
  readonly text: string
  /** Money in is positive, money out negative; a list of payments may say either, as long as it always does. */
  readonly amount: number
  /** Other columns that say something: a department, an account. */
  readonly context: readonly string[]
}

/** Lower case, without accents and punctuation: `Café "Röst" Ltd.` is `cafe rost ltd`. */
export function plainWords(text: string): string {
  const plain = /^[ -~]*$/.test(text) ? text : text.normalize('NFKD').replaceAll(/\p{M}+/gu, '')
  return plain
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Words that may say something, each once. */
export const wordsOf = (plain: string, most: number): readonly string[] =>
  [...new Set(plain.split(' ').filter((word) => word.length > 1))].slice(0, most)

/** What numbers look like, without the numbers: `INV 4711/2` is `a 9/9`. */
export const shapeOf = (text: string): string =>
  text
    .trim()
    .replaceAll(/\p{L}+/gu, 'a')
    .replaceAll(/\d+/g, '9')
    .slice(0, 40)
