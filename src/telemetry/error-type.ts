/** What an error is told as: of few values, and without what it says, which may be anything. */
const MOST = 80

/** Its code, the status of the answer, or its name. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '_OTHER'
  const { code, status, statusCode, name } = error as Readonly<Record<string, unknown>>
  for (const one of [code, status, statusCode, name]) {
    if (typeof one === 'number' && Number.isInteger(one)) return String(one)
    if (typeof one === 'string' && /^[\w.:-]+$/.test(one) && one.length <= MOST && one !== 'Error') return one
  }
  return '_OTHER'
}

export function textOfError(error: unknown): string | undefined {
  if (typeof error === 'string') return error
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined
  return typeof message === 'string' ? message : undefined
}
