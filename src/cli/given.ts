/** Numbers, dates and names as they are given on the command line. */
import { BadRequest } from '../app/index.ts'

/** @throws {BadRequest} */
export function wholeNumber(text: string, what: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new BadRequest(`${what} must be a whole number from 1; got ${JSON.stringify(text)}.`, {
      given: text,
    })
  return Number(text)
}

/** @throws {BadRequest} */
export function dateOf(text: string, what: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime()))
    throw new BadRequest(`${what} must be a date such as 2026-03-01; got ${JSON.stringify(text)}.`)
  return date
}

/** Whose word it is. */
export const byOf = ({
  by = process.env['USER'] ?? 'person',
}: {
  readonly by?: string
}): {
  readonly by: string
} => ({ by })
