/** What providers write: words and codes by which a failure is known, collected from their documents and from what they sent. */

/** A conversation that is too long. The number of tokens to be written is another matter. */
const TOO_LONG =
  /context_length_exceeded|exceed_context_size|request_too_large|model_context_window_exceeded|maximum (?:context|prompt|input) length|context[- ](?:length|window|size|limit)|(?:prompt|input|request|conversation) is too (?:long|large)|request too large|exceeds? the (?:maximum|max|available|allowed) (?:number of )?(?:input |prompt )?(?:tokens|context)|input token count|too large for model|too many input tokens|input length and|reduce the length of (?:the|your|either)|string too long.{0,80}maximum length/i
const NOT_TOO_LONG = /rate limit|too many requests|quota/i

/** Nothing left to pay with: waiting does not help. */
const NO_CREDIT =
  /insufficient_quota|billing_hard_limit|billing_not_active|credit balance is too low|insufficient (?:balance|credits?|funds)|exceeded your current quota|payment required|billing_error|out of credits/i
/** Google's rate limits speak of quota as well. */
const RATE = /RESOURCE_EXHAUSTED|per[_ ]?minute|per[_ ]?day|retryDelay|requests per|tokens per/i

const FILTERED =
  /content[_ ]filter|content[_ ]policy|content management policy|content filtering policy|ResponsibleAIPolicy|responsible_ai_policy|content exists risk|data_inspection_failed|moderation_blocked|flagged by (?:our )?(?:moderation|safety)|blocked by (?:our )?safety|PROHIBITED_CONTENT|safety_violation|usage polic(?:y|ies)/i

const OVERLOADED = /overloaded|at capacity|capacity exceeded|no capacity|server is busy|slow_down|throttl/i

const UNKNOWN_MODEL =
  /model_not_found|model .{0,80}(?:not found|does not exist|not exist)|no such model|unknown model|invalid model/i
const BAD_KEY =
  /invalid_api_key|authentication_error|permission_error|invalid x-api-key|incorrect api key|api key not valid|unauthori[sz]ed|invalid api key|PERMISSION_DENIED|UNAUTHENTICATED/i

export function saysTooLong(words: string, status: number | undefined): boolean {
  if (!TOO_LONG.test(words)) return false
  // "Request too large … tokens per min": it will never fit, however long one waits.
  return status === 429 || NOT_TOO_LONG.test(words) ? /request too large|context/i.test(words) : true
}

export function saysNoCredit(words: string): boolean {
  return NO_CREDIT.test(words) && !RATE.test(words)
}

export function saysFiltered(words: string): boolean {
  return FILTERED.test(words)
}

/** What the SDK says of a first event it can make nothing of. */
const NO_EVENT = /^Expected a normalized Anthropic stream error/

export function isNoEvent(words: string): boolean {
  return NO_EVENT.test(words)
}

export function saysOverloaded(words: string): boolean {
  return OVERLOADED.test(words)
}

export function saysMisconfigured(words: string): boolean {
  return UNKNOWN_MODEL.test(words) || BAD_KEY.test(words)
}

const LONGEST_REFUSAL = 600
const WILL_NOT =
  '(?:help|assist|comply|fulfil+|engage|participate|take part|do (?:that|this)|answer (?:that|this)|discuss|support|provide (?:that|this|assistance|help|instructions|guidance)|create (?:that|this|content)|generate (?:that|this|content)|continue with (?:that|this)|process (?:that|this) request)'
const CANNOT =
  "(?:can(?:no|['’])t|can not|won['’]t|will not|am unable to|['’]m unable to|am not able to|['’]m not able to|must decline to|have to decline to|decline to)"
/** At the very beginning of a short text: a report may speak of what cannot be helped. */
const REFUSALS: readonly RegExp[] = [
  new RegExp(
    `^(?:i['’]m|i am|we['’]re)? ?(?:very |really |so )?(?:sorry|afraid)\\b[^.!?\\n]{0,40}?\\bi ?${CANNOT} ${WILL_NOT}`,
    'i',
  ),
  new RegExp(
    `^(?:unfortunately,? |apologies,? (?:but )?|i apologi[sz]e,? (?:but )?)?i ?${CANNOT} ${WILL_NOT}`,
    'i',
  ),
  /^as an ai(?: language)?(?: model| assistant)?,? i (?:can(?:no|['’])t|can not|am unable|am not able)/i,
  /^(?:i['’]m sorry,? but )?i (?:must|have to) (?:respectfully )?(?:decline|refuse)/i,
  /^(?:i['’]m sorry,? but )?(?:that|this|your) request (?:goes|is) against (?:my|our|the) (?:guidelines|policies|polic)/i,
]

/** Whether a whole answer is a refusal in plain words. English only: classifiers of the author's own know more. */
export function isRefusal(text: string): boolean {
  const plain = text.trim()
  return (
    plain.length > 0 && plain.length <= LONGEST_REFUSAL && REFUSALS.some((pattern) => pattern.test(plain))
  )
}
