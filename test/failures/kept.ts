/** What came of a case as JSON, and back: errors with their fields and causes, without what differs from run to run. */
import type { Came } from './drive.ts'

const LEFT_OUT = [
  'stack',
  'url',
  'requestBodyValues',
  'response',
  'socket',
  'name',
  'message',
  'cause',
  'headers',
]
const MOST_DEEP = 10

export function kept(came: Came): unknown {
  return 'error' in came ? { error: pack(came.error) } : { answer: pack(came.answer) }
}

export function back(json: unknown): Came {
  return unpack(json) as Came // what `kept` made of one
}

function pack(value: unknown, depth = 0): unknown {
  if (depth > MOST_DEEP) return undefined
  if (Array.isArray(value)) return value.map((one) => pack(one, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'responseHeaders') return [[key, onlyRetry(inner)] as const]
    if (value instanceof Error && LEFT_OUT.includes(key)) return []
    return ['toolCallId', 'id', 'created'].includes(key) ? [] : [[key, pack(inner, depth + 1)] as const]
  })
  if (!(value instanceof Error)) return Object.fromEntries(fields)
  const { name, message, cause } = value
  const issues = 'issues' in value ? { issues: pack(value.issues, depth + 1) } : {}
  return {
    $error: { name, message, ...(cause === undefined ? {} : { cause: pack(cause, depth + 1) }), ...issues },
    ...Object.fromEntries(fields),
  }
}

function onlyRetry(headers: unknown): object {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => name.startsWith('retry-after')))
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack)
  if (typeof value !== 'object' || value === null) return value
  const { $error, ...rest } = value as Record<string, unknown>
  const fields = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, unpack(inner)]))
  if ($error === undefined) return fields
  const { name, message, cause, issues } = $error as Record<string, unknown>
  const own = { ...fields, name, ...(issues === undefined ? {} : { issues }) }
  const why = cause === undefined ? {} : { cause: unpack(cause) }
  return Object.assign(new Error(String(message), why), own)
}
