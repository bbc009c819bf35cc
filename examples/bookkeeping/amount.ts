/** Sums of money as a column writes them: `£1,234.56`, `1.234,56 €`, `(12.00)`, `12.00-`, `12.00 CR`. */

/** What is wrong, and in which cell, counted from 0. */
export interface Unreadable {
  readonly at: number
  readonly message: string
}

interface Sum {
  readonly digits: string
  readonly isNegative: boolean
  readonly mark: 'CR' | 'DR' | undefined
}

/** Empty cells are 0. A list of numbers, or the first cell that is none. */
export function readAmounts(cells: readonly string[]): readonly number[] | Unreadable {
  const sums = cells.map(sumIn)
  const at = sums.findIndex((sum) => sum === undefined)
  if (at >= 0) return { at, message: `"${cells[at]?.trim()}" is no sum of money` }
  const known = sums.filter((sum) => sum !== undefined)
  const decimal = decimalOf(known.map(({ digits }) => digits))
  // A mark says "the other way" where only one of the two is used.
  const marks = new Set(known.map(({ mark }) => mark))
  const negative = marks.has('DR') ? 'DR' : 'CR'
  const odd = known.findIndex(({ digits }) => !GROUPED[decimal].test(digits))
  if (odd >= 0)
    return {
      at: odd,
      message: `"${cells[odd]?.trim()}" is no sum of money where "${decimal}" stands before the cents`,
    }
  return known.map(({ digits, isNegative, mark }) => {
    const size = Number(plainNumber(digits, decimal))
    return size === 0 || isNegative === (mark === negative) ? size : -size
  })
}

function sumIn(cell: string): Sum | undefined {
  const text = cell
    .normalize('NFKC')
    .replaceAll(/[\s'’\u2009]/g, '')
    .replaceAll('−', '-')
    .toUpperCase()
  if (text === '') return { digits: '0', isNegative: false, mark: undefined }
  const parts =
    /^(\(?)([-+]?)(?:\p{Sc}|[A-Z]{3}|KR\.?)?([-+]?)(\d[\d.,]*|[.,]\d+)(?:\p{Sc}|EUR|GBP|USD|CHF|KR\.?)?([-+]?)(\)?)(CR|DR)?$/u.exec(
      text,
    )
  if (!parts) return undefined
  const [, open, before = '', inside = '', digits = '', after = '', close, mark] = parts
  const signs = `${before}${inside}${after}`
  if ((open === '(') !== (close === ')') || signs.length > 1) return undefined
  const isNegative = open === '(' || signs === '-'
  return { digits, isNegative, mark: mark === 'CR' || mark === 'DR' ? mark : undefined }
}

/** Which of the two signs stands before the cents, by all that the column shows. */
function decimalOf(all: readonly string[]): '.' | ',' {
  const says = { '.': 0, ',': 0 }
  for (const digits of all) {
    const last = Math.max(digits.lastIndexOf('.'), digits.lastIndexOf(','))
    if (last < 0) continue
    const sign = digits[last] === ',' ? ',' : '.'
    const other = sign === ',' ? '.' : ','
    const isAlone = digits.indexOf(sign) === last
    if (digits.includes(other)) says[sign]++
    else if (!isAlone) says[other]++ // 1.234.567
    else if (digits.length - last - 1 !== 3) says[sign]++
  }
  return says[','] > says['.'] ? ',' : '.'
}

/** Thousands are groups of three, in India of two as well. */
const GROUPED = {
  '.': /^(?:\d*|\d{1,3}(?:,\d{2,3})+)(?:\.\d+)?$/,
  ',': /^(?:\d*|\d{1,3}(?:\.\d{2,3})+)(?:,\d+)?$/,
}

const plainNumber = (digits: string, decimal: '.' | ','): string =>
  decimal === '.' ? digits.replaceAll(',', '') : digits.replaceAll('.', '').replace(',', '.')
