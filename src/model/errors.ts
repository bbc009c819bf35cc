/** What can be wrong with asking a model; and errors of the SDK and of providers, onto the record and back. */
import { ThroughlineError, messageOf } from '../errors.ts'
import type { RecordedError } from './events.ts'
import { loadSdk } from './sdk.ts'

/** Nobody provides a model of this name. */
export class ModelUnknown extends ThroughlineError {
  constructor(model: string, cause: unknown) {
    super('model_unknown', {
      message: `No provider answers for the model "${model}": ${messageOf(cause)}. Pass a provider's model to ctx.model, name it in open({ models }), or set up the SDK's default provider.`,
      data: { model },
      cause,
    })
  }
}

/** A call of ctx.model or ctx.tools that cannot mean anything. */
export class BadModel extends ThroughlineError {
  constructor(message: string, data: Readonly<Record<string, unknown>> = {}) {
    super('bad_model', { message, data })
  }
}

const LONGEST = 4000

/** What is recorded of an error: no headers, no request, no query of an address. */
export function recordOf(error: unknown): RecordedError {
  if (!(error instanceof Error)) return { name: 'Error', message: short(messageOf(error)) }
  const { statusCode, url, data, responseBody, code } = error as Error & Readonly<Record<string, unknown>>
  return {
    name: error.name,
    message: short(error.message),
    ...(typeof statusCode === 'number' ? { status: statusCode } : {}),
    ...(typeof url === 'string' ? { url: url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//') } : {}),
    ...(isSmall(data) ? { data } : {}),
    ...(typeof responseBody === 'string' ? { body: short(responseBody) } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  }
}

const short = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text

function isSmall(data: unknown): boolean {
  if (data === undefined) return false
  try {
    return (JSON.stringify(data)?.length ?? LONGEST) < LONGEST
  } catch {
    return false
  }
}

/**
 * The recorded error as its own class: `isInstance` and `instanceof` hold. It is marked as not to be tried again: that is done by the
 * layer, and was.
 */
export async function revive(recorded: RecordedError): Promise<Error> {
  const { name, message, status, url, data, body } = recorded
  if (name === 'AbortError' || name === 'TimeoutError') return new DOMException(message, name)
  const sdk = (await loadSdk().catch(() => ({}))) as Readonly<Record<string, unknown>>
  if (name === 'AI_APICallError' && typeof sdk['APICallError'] === 'function') {
    const { APICallError } = await loadSdk()
    return new APICallError({
      message,
      url: url ?? '',
      requestBodyValues: {},
      ...(status === undefined ? {} : { statusCode: status }),
      ...(body === undefined ? {} : { responseBody: body }),
      data,
      isRetryable: false,
    })
  }
  const Class = sdk[name.replace(/^AI_/, '')]
  const error = new Error(message)
  error.name = name
  if (typeof Class === 'function' && Class.prototype instanceof Error) {
    Object.setPrototypeOf(error, Class.prototype as object)
    for (const marker of ['vercel.ai.error', `vercel.ai.error.${name}`])
      Object.defineProperty(error, Symbol.for(marker), { value: true })
  }
  return Object.assign(error, {
    ...(data === undefined ? {} : { data }),
    ...(status === undefined ? {} : { statusCode: status }),
    isRetryable: false,
  })
}
