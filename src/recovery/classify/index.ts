import type { Failure } from '../modes.ts'
export function classify(error: unknown, _about?: unknown): Failure {
  const e = error as {
    name?: string
    message?: string
    statusCode?: number
    isRetryable?: boolean
    responseBody?: string
  }
  const evidence = {
    name: e?.name ?? 'Error',
    message: String(e?.message ?? error),
    ...(e?.statusCode ? { status: e.statusCode } : {}),
  }
  if (e?.responseBody?.includes('context_length'))
    return { mode: 'context_overflow', isTransient: false, evidence }
  if (e?.isRetryable || (e?.statusCode ?? 0) >= 500)
    return { mode: 'provider_outage', isTransient: true, evidence }
  return { mode: 'unclassified', isTransient: false, evidence }
}
export function classifyAnswer(answer: {
  finishReason: { unified: string; raw?: string | undefined }
  text: string
  content: unknown
}): Failure | undefined {
  const { unified } = answer.finishReason
  if (unified === 'interrupted' || unified === 'error')
    return { mode: 'provider_outage', isTransient: true, evidence: { name: 'finish', message: unified } }
  return undefined
}
