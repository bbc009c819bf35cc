/** Lengths of time as people write them. */
import { ThroughlineError } from '../errors.ts'

/** Milliseconds, or text such as `500ms`, `30s`, `2h`, `1d12h`. */
export type Duration = number | string

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** A length of time that could not be read. */
export class BadDuration extends ThroughlineError {
  constructor(given: unknown) {
    super('bad_duration', {
      message: `${JSON.stringify(given) ?? String(given)} is no length of time; write milliseconds, or text such as "500ms", "30s", "2h", "1d12h".`,
      data: { given },
    })
  }
}

/** Milliseconds of a duration. @throws {BadDuration} @example durationMs('1h30m') // 5400000 */
export function durationMs(duration: Duration): number {
  if (typeof duration === 'number') {
    if (!Number.isFinite(duration) || duration < 0) throw new BadDuration(duration)
    return duration
  }
  const text = duration.trim()
  if (!/^(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$/.test(text)) throw new BadDuration(duration)
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g))
    total += Number(amount) * (UNITS[unit ?? ''] ?? 0)
  return total
}
