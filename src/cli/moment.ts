/** Times and lengths of time, as people read and write them. */
import { BadRequest, durationMs } from '../app/index.ts'
import { ThroughlineError } from '../errors.ts'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const

/** `12 ms`, `1.24 s`, `3 min 5 s`, `2 d 4 h`. */
export function lengthText(ms: number): string {
  if (ms < 1) return '<1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const at = UNITS.findIndex(([, size]) => ms >= size)
  const [name, size] = UNITS[at] ?? UNITS[2]
  const [smaller, part] = UNITS[at + 1] ?? (['s', 1000] as const)
  const rest = Math.floor((ms % size) / part)
  return `${Math.floor(ms / size)} ${name}${rest > 0 ? ` ${rest} ${smaller}` : ''}`
}

/** A day to the hour, an hour to the minute, what is less to the second. */
const roundTo = (unitMs: number): number =>
  unitMs === 86_400_000 ? 3_600_000 : unitMs === 3_600_000 ? 60_000 : 1000

/** `in 2 h 5 min`, `3 min ago`, `now`. */
export function fromNow(at: number, now: number): string {
  const distance = at - now
  if (Math.abs(distance) < 1000) return 'now'
  // Nobody wants "in 1 d 23 h" for what is two days off but for a second.
  const step = UNITS.find(([, size]) => Math.abs(distance) >= size)?.[1] ?? 1000
  const text = lengthText(Math.round(Math.abs(distance) / roundTo(step)) * roundTo(step)).replace(
    /\.\d+ s$/,
    ' s',
  )
  return distance > 0 ? `in ${text}` : `${text} ago`
}

/** `2026-03-01 14:05:09`, in the time zone of whoever reads. */
export function timeText(at: Date | number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return 'no date'
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockText(date)}`
}

/** `14:05:09`. */
export function clockText(at: Date | number): string {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((n) => String(n).padStart(2, '0'))
    .join(':')
}

/** A moment in the past: a length of time ago (`30d`), or a date (`2026-03-01`, `2026-03-01T12:00:00Z`). @throws {BadRequest} */
export function pastMoment(text: string, what: string, now: number): Date {
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : ago(text, now)
  if (date === undefined || Number.isNaN(date.getTime()))
    throw new BadRequest(
      `${what} must be a date such as 2026-03-01, or a length of time such as 30d; got ${JSON.stringify(text)}.`,
      { given: text },
    )
  return date
}

function ago(text: string, now: number): Date | undefined {
  try {
    return new Date(now - durationMs(text))
  } catch (error) {
    if (error instanceof ThroughlineError) return undefined
    throw error
  }
}
