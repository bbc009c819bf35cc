/** Errors by their names and codes: those of the SDK, of Node, and our own. */
import type { FailureMode } from '../modes.ts'

/** Of the AI SDK and its providers, by name; those not here are known by status and words. */
export const sdkErrors: Readonly<Record<string, FailureMode>> = {
  AI_NoSuchToolError: 'wrong_tool',
  AI_InvalidToolInputError: 'wrong_tool',
  AI_ToolCallRepairError: 'wrong_tool',
  AI_ToolChoiceViolationError: 'wrong_tool',
  AI_InvalidToolApprovalError: 'approval_expired',
  AI_InvalidToolApprovalSignatureError: 'approval_expired',
  AI_ToolCallNotFoundForApprovalError: 'approval_expired',
  AI_DecisionRefusalError: 'refusal',
  AI_ExtractionRefusalError: 'refusal',
  AI_EmptyResponseBodyError: 'provider_outage',
  AI_InvalidResponseDataError: 'provider_outage',
  AI_InvalidStreamPartError: 'provider_outage',
  AI_NoContentGeneratedError: 'provider_outage',
  AI_DownloadError: 'tool_failure',
  AI_LoadAPIKeyError: 'configuration',
  AI_LoadSettingError: 'configuration',
  AI_NoSuchModelError: 'configuration',
  AI_NoSuchProviderError: 'configuration',
  AI_NoSuchProviderReferenceError: 'configuration',
  AI_UnsupportedFunctionalityError: 'configuration',
  AI_UnsupportedModelVersionError: 'configuration',
  AI_InvalidArgumentError: 'configuration',
  AI_InvalidPromptError: 'configuration',
  AI_InvalidMessageRoleError: 'configuration',
  AI_InvalidDataContentError: 'configuration',
  AI_MessageConversionError: 'configuration',
  AI_MissingToolResultsError: 'configuration',
  AI_TooManyEmbeddingValuesForCallError: 'configuration',
  AI_DecisionUnsupportedQuestionTypeError: 'configuration',
  AI_ExtractionUnsupportedFieldTypeError: 'configuration',
}

/** Of what does not fit a schema or is no JSON: whose output it is tells the mode. */
export const misshapen: ReadonlySet<string> = new Set([
  'AI_JSONParseError',
  'AI_TypeValidationError',
  'AI_NoObjectGeneratedError',
  'ZodError',
  '$ZodError',
  'ZodRealError',
  'ValiError',
  'ArkErrors',
  'SchemaError',
])

/** Of Node and undici: nothing was sent, so that trying again does no harm. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
  'FailedToOpenSocket',
])
/** The same after something was sent: whether it took effect is not known. */
const SENT: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RESPONSE_STATUS_CODE',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_HTTP2_STREAM_ERROR',
  'ConnectionClosed',
])
/** Of this machine: there is no room right now. */
const FULL: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'EBUSY',
  'EAGAIN',
  'ENOBUFS',
  'ENOSPC',
  'EDQUOT',
  'ENOMEM',
])
/** A name that does not lead anywhere, or a certificate nobody trusts. */
const ASTRAY: ReadonlySet<string> = new Set([
  'ERR_INVALID_URL',
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

export type Network = 'unsent' | 'sent' | 'full' | 'astray'

/** What a code of Node's says of the way there. */
export function networkOf(
  codes: readonly string[],
): { readonly code: string; readonly says: Network } | undefined {
  for (const code of codes) {
    if (UNSENT.has(code)) return { code, says: 'unsent' }
    if (SENT.has(code)) return { code, says: 'sent' }
    if (FULL.has(code)) return { code, says: 'full' }
    if (ASTRAY.has(code)) return { code, says: 'astray' }
  }
  return undefined
}

/** Our own errors, by code; a code that is a mode's name is that mode. */
const ours: Readonly<Record<string, FailureMode>> = {
  invalid_output: 'malformed_output',
  invalid_value: 'malformed_output',
  not_serializable: 'malformed_output',
  body_too_large: 'malformed_output',
  check_failed: 'malformed_output',
  brief_too_large: 'context_overflow',
  wait_timed_out: 'missing_information',
  question_expired: 'missing_information',
  approval_mismatch: 'approval_expired',
  question_not_found: 'stale_data',
  question_answered: 'stale_data',
  question_closed: 'stale_data',
  bad_answer: 'malformed_output',
  ai_sdk_missing: 'configuration',
  model_unknown: 'configuration',
  step_timed_out: 'tool_failure',
  effect_not_done: 'unknown_side_effect',
  not_in_doubt: 'stale_data',
  brief_stale: 'stale_data',
  brief_unknown: 'stale_data',
  feedback_stale: 'stale_data',
  item_changed: 'stale_data',
  item_not_found: 'stale_data',
  item_over: 'stale_data',
  import_conflict: 'stale_data',
  handoff_taken: 'stale_data',
  run_not_found: 'stale_data',
  run_ended: 'stale_data',
  run_erased: 'stale_data',
  stream_moved: 'stale_data',
  thread_changed: 'stale_data',
  thread_not_found: 'stale_data',
  thread_over: 'stale_data',
  no_output: 'stale_data',
  store_busy: 'saturation',
  store_full: 'saturation',
  recall_unavailable: 'saturation',
  store_unavailable: 'provider_outage',
  rule_invalid: 'configuration',
  key_reused: 'configuration',
  duplicate_key: 'configuration',
  duplicate_task: 'configuration',
  unknown_task: 'configuration',
  driver_missing: 'configuration',
  restate_sdk_missing: 'configuration',
  tls_refused: 'configuration',
  access_denied: 'configuration',
  store_missing: 'configuration',
  store_newer: 'configuration',
  store_read_only: 'configuration',
  compensation_missing: 'configuration',
}

export function modeOfOurs(code: string, kind: string | undefined): FailureMode | undefined {
  if (code === 'invalid_input' || code === 'invalid_payload')
    return kind === 'tool' ? 'wrong_tool' : 'malformed_output'
  if (Object.hasOwn(ours, code)) return ours[code]
  return code.startsWith('bad_') ? 'configuration' : undefined
}
