/** What providers send in place of an answer, in their own words: a status, a body, and what it says of when to come again. */
import type { Wire } from './asked.ts'
import type { WireFormat } from './wire.ts'

/** A response that is no answer. */
export interface Refusal {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly contentType?: string
  readonly body: string
}

/** Whose words a context that is too long is refused in. */
export type ContextWords = keyof typeof contextWords

/** How a server says when to come again. */
export interface Again {
  /** In seconds. */
  readonly retryAfter?: number
  /** `seconds` unless told; `milliseconds` is the header `retry-after-ms`. */
  readonly retryAfterAs?: 'seconds' | 'date' | 'milliseconds'
}

const HTML = `<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body>
</html>
`

const OPENAI_TOO_LONG =
  "This model's maximum context length is 128000 tokens. However, your messages resulted in 131402 tokens. Please reduce the length of the messages."

/** As seen of each provider; what is not OpenAI's or Anthropic's own is given by a server that is compatible with OpenAI. */
const contextWords = {
  openai: () => openaiError(400, OPENAI_TOO_LONG, 'invalid_request_error', 'context_length_exceeded'),
  openai_window: () =>
    openaiError(
      400,
      'Your input exceeds the context window of this model. Please adjust your input and try again.',
      'invalid_request_error',
      'context_length_exceeded',
    ),
  'llama.cpp': () =>
    json(400, {
      error: {
        code: 400,
        message: 'request (5041 tokens) exceeds the available context size (4096 tokens), try increasing it',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 5041,
        n_ctx: 4096,
      },
    }),
  vllm: () =>
    json(400, {
      object: 'error',
      message:
        "This model's maximum context length is 4096 tokens. However, you requested 5041 tokens (4041 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
      type: 'BadRequestError',
      param: null,
      code: 400,
    }),
  mistral: () =>
    json(400, {
      object: 'error',
      message:
        'Prompt contains 40112 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      type: 'invalid_request_invalid_args',
      param: null,
      code: '3051',
    }),
  gemini: () =>
    json(400, {
      error: {
        code: 400,
        message: 'The input token count (1196265) exceeds the maximum number of tokens allowed (1048576).',
        status: 'INVALID_ARGUMENT',
      },
    }),
  xai: () =>
    json(400, {
      code: 'Client specified an invalid argument',
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    }),
  openrouter: () =>
    json(400, {
      error: {
        message:
          "This endpoint's maximum context length is 128000 tokens. However, you requested about 140232 tokens (140232 of text input). Please reduce the length of either one.",
        code: 400,
      },
    }),
  anthropic: () =>
    anthropicError(400, 'invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'),
  anthropic_limit: () =>
    anthropicError(
      400,
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 190310 + 20000 > 200000, decrease input length or `max_tokens` and try again',
    ),
  too_large: () => anthropicError(413, 'request_too_large', 'Request exceeds the maximum size'),
  bedrock: () => anthropicError(400, 'invalid_request_error', 'Input is too long for requested model.'),
} as const

export const allContextWords = Object.keys(contextWords) as readonly ContextWords[] // a literal's keys are its type's

export function tooLong(wire: Wire, words: ContextWords = wire): Refusal {
  return contextWords[words]()
}

export function rateLimited(wire: Wire, again: Again, now: number): Refusal {
  const message = 'Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1.'
  const refusal =
    wire === 'openai'
      ? openaiError(429, message, 'requests', 'rate_limit_exceeded')
      : anthropicError(
          429,
          'rate_limit_error',
          "This request would exceed your account's rate limit. Please try again later.",
        )
  return { ...refusal, headers: comeAgain(again, now) }
}

export function comeAgain(
  { retryAfter, retryAfterAs = 'seconds' }: Again,
  now: number,
): Record<string, string> {
  if (retryAfter === undefined) return {}
  switch (retryAfterAs) {
    case 'seconds':
      return { 'retry-after': String(retryAfter) }
    case 'date':
      return { 'retry-after': new Date(now + retryAfter * 1000).toUTCString() }
    case 'milliseconds':
      return { 'retry-after-ms': String(retryAfter * 1000) }
  }
}

/** Nothing left to pay with: a 429 of OpenAI's, a 400 of Anthropic's. */
export function outOfCredit(wire: Wire): Refusal {
  return wire === 'openai'
    ? openaiError(
        429,
        'You exceeded your current quota, please check your plan and billing details.',
        'insufficient_quota',
        'insufficient_quota',
      )
    : anthropicError(
        400,
        'invalid_request_error',
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      )
}

/** The server's own fault: its words, or those of a proxy before it. */
export function broken(wire: Wire, status: 500 | 503 | 529, isHtml: boolean): Refusal {
  if (isHtml) return { status, contentType: 'text/html', body: HTML }
  if (wire === 'anthropic')
    return status === 529
      ? anthropicError(529, 'overloaded_error', 'Overloaded')
      : anthropicError(status, 'api_error', 'Internal server error')
  return status === 500
    ? openaiError(
        500,
        'The server had an error while processing your request. Sorry about that!',
        'server_error',
      )
    : openaiError(status, 'The engine is currently overloaded, please try again later', 'service_unavailable')
}

export function unauthorized(wire: Wire): Refusal {
  return wire === 'openai'
    ? openaiError(401, 'Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key')
    : anthropicError(401, 'authentication_error', 'invalid x-api-key')
}

export function forbidden(wire: Wire): Refusal {
  return wire === 'openai'
    ? openaiError(
        403,
        'Project does not have access to this model.',
        'invalid_request_error',
        'model_not_found',
      )
    : anthropicError(
        403,
        'permission_error',
        'Your API key does not have permission to use the specified resource.',
      )
}

export function notFound(wire: Wire, model: string): Refusal {
  return wire === 'openai'
    ? openaiError(
        404,
        `The model '${model}' does not exist or you do not have access to it.`,
        'invalid_request_error',
        'model_not_found',
      )
    : anthropicError(404, 'not_found_error', `model: ${model}`)
}

/** A filter in front of the model, as Azure has it. */
export function filtered(wire: Wire): Refusal {
  return wire === 'openai'
    ? json(400, {
        error: {
          message:
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
          type: null,
          param: 'prompt',
          code: 'content_filter',
          status: 400,
          innererror: { code: 'ResponsibleAIPolicyViolation' },
        },
      })
    : anthropicError(400, 'invalid_request_error', 'Output blocked by content filtering policy')
}

/** A request that the real thing would refuse. */
export function badRequest(format: WireFormat, message: string): Refusal {
  return json(400, format.error({ type: 'invalid_request_error', message }))
}

export function openaiError(
  status: number,
  message: string,
  type: string,
  code: string | null = null,
): Refusal {
  return json(status, { error: { message, type, param: null, code } })
}

export function anthropicError(status: number, type: string, message: string): Refusal {
  return json(status, { type: 'error', error: { type, message } })
}

export function json(status: number, body: unknown): Refusal {
  return { status, body: JSON.stringify(body) }
}
