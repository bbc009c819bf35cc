/** When the other side asks to be asked again: every spelling of it. */
import type { Seen } from './seen.ts'

/** Longer than this is a mistake, or a clock that is wrong. */
const LONGEST_MS = 24 * 60 * 60 * 1000

/** In milliseconds from now; undefined where nothing was said that can be understood. */
export function retryAfterMs({ headers, body }: Seen, now: number): number | undefined {
  const asked = inHeaders(headers, now) ?? inBody(body)
  return asked === undefined || !Number.isFinite(asked)
    ? undefined
    : Math.min(Math.max(0, Math.ceil(asked)), LONGEST_MS)
}

function inHeaders(headers: Seen['headers'], now: number): number | undefined {
  if (!headers) return undefined
  const told = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const exact = numberOf(told.get('retry-after-ms'))
  if (exact !== undefined) return exact
  const given = told.get('retry-after')
  const seconds = numberOf(given)
  if (seconds !== undefined) return seconds * 1000
  const date = typeof given === 'string' && /[a-z]/i.test(given) ? Date.parse(given) : Number.NaN
  return Number.isNaN(date) ? undefined : date - now
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : undefined
}

/** Google says it in the body: `"retryDelay": "28s"`. OpenAI in words: `Please try again in 1.2s`, `in 350ms`, `in 6m0s`. */
function inBody(body: string): number | undefined {
  const google = /"retryDelay":\s*"(\d+(?:\.\d+)?)s"/.exec(body)
  if (google) return Number(google[1]) * 1000
  const words = /try again in (?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?/i.exec(body)
  if (!words) return undefined
  const [hours, minutes, seconds, ms] = words.slice(1).map((part) => (part === undefined ? 0 : Number(part)))
  const sum = (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000 + (ms ?? 0)
  return sum > 0 ? sum : undefined
}
