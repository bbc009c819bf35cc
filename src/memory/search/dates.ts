/**
 * Dates as words, so that "March 2024", "2024-03" and "2024-03-05" find what was said on that day.
 *
 * An item's date and a date written in ISO form within any text become the same terms: the day, the month and the year, from the most
 * particular to the least, and the month by name too. All in UTC: a term has to be the same on every machine.
 */
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
const iso = /(?<![\p{L}\p{N}])(\d{4})-(\d{2})(?:-(\d{2}))?(?![\p{L}\p{N}])/gu

/** The terms of a moment, given in milliseconds since 1970; none for a moment no calendar has. */
export function termsOf(atMs: number): readonly string[] {
  const at = new Date(atMs)
  const year = at.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) return []
  const [yyyy, mm, dd] = [digits(year, 4), digits(at.getUTCMonth() + 1, 2), digits(at.getUTCDate(), 2)]
  return [...termsBy(yyyy, mm, dd), String(at.getUTCDate())]
}

/** A text whose ISO dates are taken out, and the terms they stand for. */
export function datesIn(text: string): { readonly rest: string; readonly terms: readonly string[] } {
  if (!/\d{4}-\d/.test(text)) return { rest: text, terms: [] }
  const terms: string[] = []
  const rest = text.replace(iso, (whole, year: string, month: string, day: string | undefined) => {
    const found = termsBy(year, month, day)
    terms.push(...found)
    return found.length === 0 ? whole : ' '
  })
  return { rest, terms }
}

function termsBy(year: string, month: string, day: string | undefined): readonly string[] {
  const name = MONTHS[Number(month) - 1]
  if (name === undefined) return []
  const terms = [year, name, `${year}-${month}`]
  return day === undefined ? terms : [...terms, `${year}-${month}-${day}`]
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}
