/**
 * Successes that are failures: an answer came, and it is none.
 *
 * A1. By why it ended first, in the provider's own word where the SDK's hides it; by what it says only then.
 * A2. A classifier of an author that fails lets nothing pass: an answer it did not say anything of is `unclassified`.
 */
import type { Evidence, Failure, FailureMode } from '../modes.ts'
import { hear, noting, type About, type Answer } from './about.ts'
import { classify } from './classify.ts'
import { field, listOf, shown, textIn } from './seen.ts'
import { isRefusal } from './words.ts'

/** Why an answer is a failure; undefined where it is an answer. */
export function classifyAnswer(answer: Answer, about: About = {}): Failure | undefined {
  const heard = hear({ answer }, about)
  const found = failureIn(answer, about)
  if (heard.said) {
    const { mode, isTransient = false, retryAfterMs } = heard.said
    const evidence = found?.evidence ?? evidenceOf(answer, 'An author says that it is none.')
    return {
      ...{ mode, isTransient },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      evidence: noting(evidence, heard),
    }
  }
  if (found) return { ...found, evidence: noting(found.evidence, heard) }
  if (heard.failed.length === 0) return undefined
  const evidence = evidenceOf(answer, 'Whether it is an answer could not be told.')
  return { mode: 'unclassified', isTransient: false, evidence: noting(evidence, heard) }
}

function failureIn(answer: Answer, about: About): Failure | undefined {
  const is = (mode: FailureMode, message: string, isTransient = false): Failure => ({
    mode,
    isTransient,
    evidence: evidenceOf(answer, message),
  })
  const raw = answer.finishReason.raw?.toLowerCase()
  const text = answer.text.trim()
  const parts = listOf(answer.content)
  const calls = parts.filter((part) => field(part, 'type') === 'tool-call')
  switch (raw) {
    case 'model_context_window_exceeded':
      return is('context_overflow', 'The window of the model was full before the answer was whole.')
    case 'refusal':
    case 'content_filter':
    case 'safety':
    case 'recitation':
    case 'prohibited_content':
    case 'blocklist':
    case 'spii':
      return is('refusal', text === '' ? 'The model refused.' : text)
    case 'pause_turn':
      return is('premature_end', 'The model paused; it goes on when it is given its turn back.')
    case 'compaction':
      return is('premature_end', 'The model made room; it goes on when it is given its turn back.')
    case 'malformed_function_call':
      return is('wrong_tool', 'The model wrote a call that the provider could not read.')
    case 'insufficient_system_resource':
      return is('saturation', 'The provider had no room to finish the answer.', true)
    default:
  }
  switch (answer.finishReason.unified) {
    case 'length':
      return is('malformed_output', 'The answer was cut off at the most tokens it may have.')
    case 'content-filter':
      return is('refusal', text === '' ? 'A filter held the answer back.' : text)
    case 'error':
      return is('provider_outage', 'The answer ended with an error.', true)
    case 'interrupted':
      return is('provider_outage', 'The answer broke off.', true)
    case 'stop':
    case 'tool-calls':
      break
    default:
      if (raw === undefined && parts.length === 0)
        return is('provider_outage', 'The answer is empty, and nothing says why.', true)
      return is(
        'unclassified',
        `The model stopped for a reason nobody knows: ${answer.finishReason.raw ?? 'none given'}.`,
      )
  }
  const wrong = wrongCall(parts, about)
  if (wrong)
    return { ...wrong, evidence: { ...evidenceOf(answer, wrong.evidence.message), ...toolOf(wrong) } }
  if (calls.length > 0) return undefined
  if (answer.finishReason.unified === 'tool-calls')
    return is('provider_outage', 'The answer ended for the sake of tool calls, and holds none.', true)
  if (
    text === '' &&
    !parts.some((part) => ['file', 'source', 'tool-result'].includes(textIn(part, 'type') ?? ''))
  )
    return is('premature_end', 'The answer is empty.', true)
  if (isRefusal(text)) return is('refusal', text)
  if (about.format === 'json' && !isJson(text)) return is('malformed_output', 'The answer is no JSON.')
  return undefined
}

/** A call the SDK marked as invalid, of a tool that was not offered, or whose arguments are no JSON. */
function wrongCall(parts: readonly unknown[], { tools }: About): Failure | undefined {
  for (const part of parts) {
    if (field(part, 'type') !== 'tool-call') continue
    const [tool, input] = [textIn(part, 'toolName') ?? '', field(part, 'input')]
    const is = (message: string): Failure => ({
      mode: 'wrong_tool',
      isTransient: false,
      evidence: { name: 'tool-call', message, tool: shown(tool) },
    })
    if (field(part, 'invalid') === true) {
      const { evidence } = classify(field(part, 'error'), { kind: 'tool' })
      return is(evidence.message)
    }
    if (field(part, 'providerExecuted') === true) continue
    if (tools && !tools.includes(tool)) return is(`There is no tool "${shown(tool)}".`)
    if (typeof input === 'string' && input.trim() !== '' && !isJson(input))
      return is(`The arguments of the call of "${shown(tool)}" are no JSON.`)
  }
  return undefined
}

function toolOf({ evidence: { tool } }: Failure): Pick<Evidence, 'tool'> {
  return tool === undefined ? {} : { tool }
}

function evidenceOf({ finishReason: { unified, raw } }: Answer, message: string): Evidence {
  return {
    name: 'finish',
    message: shown(message),
    finish: shown(unified),
    ...(raw === undefined ? {} : { rawFinish: shown(raw) }),
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
