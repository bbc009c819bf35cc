/**
 * Which mode an error is: of the AI SDK, of a provider, of HTTP, of Node, of a schema, of ours.
 *
 * K1. Every error has a mode; what nothing is known of is `unclassified`, of a tool `tool_failure`.
 * K2. What is said last in a chain of causes is asked last: the outermost that says something decides.
 * K3. Transient is what may pass with nothing changed. In doubt it is not, but for tools, whose failures mostly are.
 * K4. It never throws, and never gives what was not seen: no headers, no bodies, no request.
 */
import { isFailureMode, type Evidence, type Failure, type FailureMode } from '../modes.ts'
import { hear, noting, type About } from './about.ts'
import { misshapen, modeOfOurs, networkOf, sdkErrors } from './known.ts'
import { retryAfterMs } from './retry-after.ts'
import { chainOf, field, isObject, listOf, shown, textIn, type Seen } from './seen.ts'
import {
  isNoEvent,
  isRefusal,
  saysFiltered,
  saysMisconfigured,
  saysNoCredit,
  saysOverloaded,
  saysTooLong,
} from './words.ts'

interface Verdict {
  readonly mode: FailureMode
  readonly isTransient: boolean
}

const is = (mode: FailureMode, isTransient = false): Verdict => ({ mode, isTransient })

/** The mode of an error. */
export function classify(error: unknown, about: About = {}): Failure {
  const { last, attempts } = unwrapped(error)
  const heard = hear({ error: last }, about)
  const chain = chainOf(last)
  let verdict: Verdict | undefined
  let by: Seen = chain[0]
  for (const seen of chain) {
    verdict = verdictOf(seen, chain, about)
    by = seen
    if (verdict) break
  }
  if (!verdict) [verdict, by] = [otherwise(chain[0], about), chain[0]]
  const { mode, isTransient = false } = heard.said ?? verdict
  const after = heard.said?.retryAfterMs ?? retryAfterMs(by, about.now ?? Date.now())
  return {
    mode,
    isTransient,
    ...(after === undefined ? {} : { retryAfterMs: after }),
    evidence: noting({ ...evidenceOf(by, chain), ...(attempts > 1 ? { attempts } : {}) }, heard),
  }
}

/** What the SDK tried several times is what it saw last. */
function unwrapped(error: unknown): { readonly last: unknown; readonly attempts: number } {
  const errors = listOf(field(error, 'errors'))
  if (textIn(error, 'name') !== 'AI_RetryError' || errors.length === 0) return { last: error, attempts: 1 }
  return { last: field(error, 'lastError') ?? errors.at(-1), attempts: errors.length }
}

function verdictOf(seen: Seen, chain: readonly Seen[], about: About): Verdict | undefined {
  return (
    own(seen, about) ??
    stopped(seen, about) ??
    unfit(seen, about) ??
    known(seen) ??
    (speaksAsProvider(seen, about) ? provider(seen, chain) : undefined) ??
    (about.kind === 'tool' ? http(seen, about) : undefined) ??
    network(seen, about)
  )
}

/** Our own errors: those of runs within carry the mode they ended with. */
function own({ error }: Seen, { kind, effect }: About): Verdict | undefined {
  const [code, data, retryable] = [textIn(error, 'code'), field(error, 'data'), field(error, 'retryable')]
  if (code === undefined || typeof retryable !== 'boolean') return undefined
  const told = textIn(data, 'mode')
  if (isFailureMode(told)) return is(told, retryable)
  if (isFailureMode(code)) return is(code, retryable)
  const mode = (told === undefined ? undefined : modeOfOurs(told, kind)) ?? modeOfOurs(code, kind)
  if (mode === undefined) return undefined
  if (code === 'step_timed_out' && mayHaveActed(effect)) return is('unknown_side_effect')
  return is(mode, retryable)
}

function mayHaveActed(effect: About['effect']): boolean {
  return effect === 'reversible' || effect === 'irreversible'
}

/** Time-outs and cancellations. */
function stopped({ name, codes }: Seen, { kind, effect }: About): Verdict | undefined {
  if (name === 'TimeoutError' || codes.includes('TimeoutError')) {
    if (kind !== 'tool') return is('provider_outage', true)
    return mayHaveActed(effect) ? is('unknown_side_effect') : is('tool_failure', true)
  }
  const isAborted = name === 'AbortError' || name === 'ResponseAborted' || codes.includes('ABORT_ERR')
  return isAborted ? is('unclassified') : undefined
}

/** What does not fit its schema, or is no JSON. */
function unfit({ name, error }: Seen, { kind }: About): Verdict | undefined {
  if (!misshapen.has(name) && issuesOf(error).length === 0) return undefined
  if (name === 'AI_NoObjectGeneratedError') return noObject(error)
  // In a call, it is what the provider sent that does not fit, not what the model wrote.
  if (kind === 'model' && name.startsWith('AI_')) return is('provider_outage', true)
  return is(kind === 'tool' ? 'wrong_tool' : 'malformed_output')
}

function noObject(error: unknown): Verdict {
  const finish = textIn(error, 'finishReason')
  if (finish === 'content-filter' || isRefusal(textIn(error, 'text') ?? '')) return is('refusal')
  if (finish === 'error' || finish === 'interrupted') return is('provider_outage', true)
  return is('malformed_output')
}

function known({ name, status }: Seen): Verdict | undefined {
  const mode = Object.hasOwn(sdkErrors, name) ? sdkErrors[name] : undefined
  if (mode === undefined) return undefined
  if (mode === 'tool_failure') return is(mode, status === undefined || status === 429 || status >= 500)
  return is(mode, mode === 'provider_outage')
}

/** Whether its words are those of a model's provider: a tool may speak of windows and quotas as well. */
function speaksAsProvider({ name, status, codes, error }: Seen, { kind }: About): boolean {
  if (/^AI_(?:APICall|StreamProvider)Error$/.test(name) || name.startsWith('Gateway')) return true
  if (kind === 'tool') return false
  return kind === 'model' || status !== undefined || (!(error instanceof Error) && codes.length > 0)
}

function provider(seen: Seen, chain: readonly Seen[]): Verdict | undefined {
  const { status, words, codes, isRetryable } = seen
  if (saysTooLong(words, status) || status === 413) return is('context_overflow')
  if (saysNoCredit(words) || status === 402) return is('provider_outage')
  if (saysFiltered(words) || status === 451) return is('refusal')
  if (status === 429 || codes.some((code) => /rate_?limit|too_many_requests/i.test(code)))
    return is('saturation', true)
  if (status === 401 || status === 403 || status === 404) return is('configuration')
  if (
    status !== undefined &&
    (status < 300 || status >= 500 || status === 408 || status === 409 || status === 425)
  )
    return is('provider_outage', true)
  if (codes.some((code) => /^(?:server|api|internal|internal_server)_error$|unavailable|timeout/i.test(code)))
    return is('provider_outage', true)
  const way = networkOf(chain.flatMap((one) => one.codes))
  if (way) return is(way.says === 'astray' ? 'configuration' : 'provider_outage', way.says !== 'astray')
  if (status === undefined && (saysOverloaded(words) || isNoEvent(words))) return is('provider_outage', true)
  if ((status !== undefined && status >= 400) || saysMisconfigured(words)) return is('configuration')
  return isRetryable === true ? is('provider_outage', true) : undefined
}

/** What a tool was answered over HTTP. */
function http({ status }: Seen, { effect }: About): Verdict | undefined {
  if (status === undefined || status < 400) return undefined
  switch (status) {
    case 401:
    case 402:
    case 403:
    case 407:
      return is('configuration')
    case 400:
    case 404:
    case 422:
      return is('wrong_tool')
    case 409:
    case 410:
    case 412:
      return is('stale_data')
    case 408:
    case 502:
    case 504:
      return mayHaveActed(effect) ? is('unknown_side_effect') : is('tool_failure', true)
    default:
      return is('tool_failure', status === 425 || status === 429 || status >= 500)
  }
}

function network({ codes }: Seen, { kind, effect }: About): Verdict | undefined {
  const way = networkOf(codes)
  if (!way) return undefined
  const isTool = kind === 'tool'
  switch (way.says) {
    case 'unsent':
      return is(isTool ? 'tool_failure' : 'provider_outage', true)
    case 'sent':
      if (isTool && mayHaveActed(effect)) return is('unknown_side_effect')
      return is(isTool ? 'tool_failure' : 'provider_outage', true)
    case 'full':
      return is(isTool ? 'tool_failure' : 'saturation', true)
    case 'astray':
      return is('configuration')
  }
}

/** Mistakes of whoever wrote the code: they come again. */
const MISTAKES: ReadonlySet<string> = new Set([
  'TypeError',
  'ReferenceError',
  'RangeError',
  'SyntaxError',
  'AssertionError',
])

function otherwise({ name, codes, error }: Seen, { kind }: About): Verdict {
  if (name === 'AI_NoOutputGeneratedError') return is('provider_outage', true)
  // Ours that no mode fits: an invariant of the record, say. That is no weather.
  if (kind !== 'tool' || typeof field(error, 'retryable') === 'boolean') return is('unclassified')
  return is('tool_failure', !MISTAKES.has(name) && !codes.some((code) => /^E[A-Z]+$|^ERR_/.test(code)))
}

function evidenceOf(by: Seen, chain: readonly Seen[]): Evidence {
  const codes = [...by.codes, ...chain.flatMap((one) => one.codes)]
  const code = networkOf(codes)?.code ?? codes.find((one) => one !== 'invalid_request_error') ?? codes[0]
  const tool = textIn(by.error, 'toolName')
  const finish = textIn(by.error, 'finishReason')
  return {
    name: shown(by.name),
    message: shown(messageOf(by, chain)),
    ...(by.status === undefined ? {} : { status: by.status }),
    ...(code === undefined ? {} : { code: shown(code) }),
    ...(tool === undefined ? {} : { tool: shown(tool) }),
    ...(finish === undefined ? {} : { finish: shown(finish) }),
  }
}

const MOST_ISSUES = 8

/** What a schema found wrong, place by place; the SDK's own message has the whole value in it. */
function messageOf(by: Seen, chain: readonly Seen[]): string {
  const from = chain.indexOf(by)
  for (const { error } of chain.slice(from)) {
    const issues = issuesOf(error)
    if (issues.length > 0)
      return issues
        .slice(0, MOST_ISSUES)
        .map((issue) => {
          const path = listOf(field(issue, 'path')).map((part) => String(field(part, 'key') ?? part))
          return `${path.length > 0 ? `${path.join('.')}: ` : ''}${textIn(issue, 'message') ?? 'does not fit'}`
        })
        .join('; ')
  }
  const inner = chain.slice(from + 1).findLast(({ message }) => message !== '')
  if (!inner || !misshapen.has(by.name)) return by.message
  return `${(by.message.split(/: (?:Text|Value): /, 1)[0] ?? '').replace(/\.$/, '')}: ${inner.message}`
}

/** Of Zod, Standard Schema and their like. */
function issuesOf(error: unknown): readonly unknown[] {
  const issues = listOf(field(error, 'issues'))
  return issues.every((issue) => isObject(issue) && typeof field(issue, 'message') === 'string') ? issues : []
}
