/** Dates as a column writes them: `2025-01-31`, `31/01/2025`, `31.1.25`, `1/31/2025`, `31 Jan 2025`. */
import type { Unreadable } from './amount.ts'

const DAY_MS = 86_400_000
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

type Parts = readonly [year: number, month: number, day: number]

/** Days since 1970, or the first cell that is no date. Where day and month could be either, the whole column decides. */
export function readDays(cells: readonly string[]): readonly number[] | Unreadable {
  const [british, american] = [true, false].map((isDayFirst) => cells.map((cell) => dayIn(cell, isDayFirst)))
  if (!british || !american) return []
  const at = british.findIndex((day, i) => day === undefined && american[i] === undefined)
  if (at >= 0) return { at, message: `"${cells[at]?.trim()}" is no date` }
  const fitting = [british, american].filter((days) => days.every((day) => day !== undefined))
  if (fitting.length === 0) {
    const odd = british.findIndex((day) => day === undefined)
    return {
      at: odd,
      message: `"${cells[odd]?.trim()}" has its month first where others have their day first`,
    }
  }
  // A statement is about a month or so: of two readings, the one whose days lie closer together.
  return fitting.reduce((a, b) => (spanOf(b) < spanOf(a) ? b : a)) as readonly number[]
}

function dayIn(cell: string, isDayFirst: boolean): number | undefined {
  const parts = partsOf(cell.trim().toLowerCase(), isDayFirst)
  if (!parts) return undefined
  const [year, month, day] = parts
  const time = Date.UTC(year, month - 1, day)
  const date = new Date(time)
  const isReal =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return isReal && year >= 1900 && year < 2200 ? time / DAY_MS : undefined
}

function partsOf(text: string, isDayFirst: boolean): Parts | undefined {
  const iso = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[t ].*)?$/.exec(text)
  if (iso) return [Number(iso[1]), Number(iso[2]), Number(iso[3])]
  const numbers = /^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[t ,].*)?$/.exec(text)
  if (numbers) {
    const [first, second, year] = [Number(numbers[1]), Number(numbers[2]), yearOf(numbers[3] ?? '')]
    return isDayFirst ? [year, second, first] : [year, first, second]
  }
  const named =
    /^(\d{1,2})(?:st|nd|rd|th)?[-/. ]([a-z]{3})[a-z]*[-/., ]+(\d{4}|\d{2})$/.exec(text) ??
    /^(?<month>[a-z]{3})[a-z]*\.? (?<day>\d{1,2}),? (?<year>\d{4})$/.exec(text)
  if (!named) return undefined
  const { groups } = named
  const [day, month, year] = groups ? [groups['day'], groups['month'], groups['year']] : named.slice(1)
  const index = MONTHS.indexOf(month ?? '')
  return index < 0 ? undefined : [yearOf(year ?? ''), index + 1, Number(day)]
}

const yearOf = (text: string): number => (text.length === 2 ? 2000 + Number(text) : Number(text))

const spanOf = (days: readonly (number | undefined)[]): number => {
  let [least, most] = [Infinity, -Infinity]
  for (const day of days) {
    least = Math.min(least, day ?? Infinity)
    most = Math.max(most, day ?? -Infinity)
  }
  return most - least
}
