/**
 * How many tokens a model may answer with, as the request really says it.
 *
 * O1. Every request has a maximum: its author's, or one given here. Without, Anthropic's provider asks for all that the model can, up to
 *     128,000 tokens, and others for nothing, which is as much as the server likes.
 * O2. Thinking is added where the provider adds it, or where nobody says that it is counted inside: `@ai-sdk/anthropic` sends
 *     `max_tokens + budget`, so that 1,000 with high reasoning become 39,400.
 * O3. What an author passes through to the provider counts: another maximum, several answers, a fallback's own maximum.
 */
import { plainProvider } from './price.ts'

export interface OutputQuestion {
  readonly provider: string
  readonly model: string
  readonly maxOutputTokens?: number | undefined
  /** As the AI SDK takes it: `none`, `minimal` … `max`. */
  readonly reasoning?: string | undefined
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined
}

export interface OutputLimit {
  /** What the request says. */
  readonly maxOutputTokens: number
  /** What may come of it at most, thinking and all answers included. */
  readonly most: number
}

/** Nearly every model takes this much; some servers refuse a request for more than the model can. */
const PLAIN = 8_192
/** What thinks within its answer needs room for both. */
const THINKING = 32_000
/** Those from before 2025 that take less. */
const SMALL = 4_096
const IS_SMALL =
  /(?:^|[/.])(?:gpt-3\.5|gpt-4(?:-(?:turbo|32k|\d{4})|$)|claude-(?:2|instant|3-(?:opus|sonnet|haiku)))/
const IS_THINKING =
  /(?:^|[/.])(?:gpt-(?:[5-9]|oss)|o[1-9](?:-|$)|claude-(?:(?:opus|sonnet|haiku|fable)-(?:4-[6-9]|[5-9]))|gemini-(?:2\.5|[3-9])|grok-[4-9])|reasoner|thinking/
/** Shares of the most a model answers with that the AI SDK makes of a level (`mapReasoningToProviderBudget`), and the least. */
const SHARES: Readonly<Record<string, number>> = {
  minimal: 0.02,
  low: 0.1,
  medium: 0.3,
  high: 0.6,
  xhigh: 0.9,
  max: 0.95,
}
const LEAST_BUDGET = 1_024
/** The most that any model answers with whose thinking is a budget beside its answer. */
const MOST_BESIDE = 64_000
/** Providers that count thinking inside the maximum. */
const COUNTS_INSIDE = new Set([
  'openai',
  'azure',
  'azure-openai',
  'google',
  'google-vertex',
  'vertex',
  'deepseek',
  'groq',
  'mistral',
])
/** Claude that decides by itself how much it thinks, within the maximum. */
const IS_ADAPTIVE = /claude-(?:(?:opus|sonnet)-4-[6-9]|(?:opus|sonnet|haiku|fable)-[5-9])/

const BUDGETS = new Set([
  'budgetTokens',
  'budget_tokens',
  'thinkingBudget',
  'thinking_budget',
  'maxReasoningTokens',
  'max_reasoning_tokens',
])
const MAXIMA = new Set([
  'max_tokens',
  'maxTokens',
  'max_completion_tokens',
  'maxCompletionTokens',
  'max_output_tokens',
  'maxOutputTokens',
])
const ANSWERS = new Set(['n', 'best_of', 'bestOf', 'candidateCount', 'numberOfAnswers'])
const EFFORTS = new Set([
  'effort',
  'reasoningEffort',
  'reasoning_effort',
  'maxReasoningEffort',
  'thinkingLevel',
])

export function outputLimit(asked: OutputQuestion, contextWindow?: number, inputTokens = 0): OutputLimit {
  const model = asked.model.toLowerCase()
  const passed = readOptions(asked.providerOptions)
  const room =
    contextWindow === undefined ? Number.POSITIVE_INFINITY : Math.max(1, contextWindow - inputTokens)
  const given = asked.maxOutputTokens
  const maxOutputTokens = given ?? Math.min(room, usualLimit(model))
  const beside = besideTheAnswer(asked, model, passed)
  const most = (Math.max(maxOutputTokens, ...passed.maxima) + beside) * Math.max(1, ...passed.answers)
  return { maxOutputTokens, most }
}

function usualLimit(model: string): number {
  if (IS_SMALL.test(model)) return SMALL
  return IS_THINKING.test(model) ? THINKING : PLAIN
}

/** Tokens of thinking that the maximum does not hold. */
function besideTheAnswer({ provider, reasoning }: OutputQuestion, model: string, passed: Passed): number {
  if (COUNTS_INSIDE.has(plainProvider(provider))) return 0
  if (passed.budgets.length > 0) return Math.max(LEAST_BUDGET, ...passed.budgets)
  const least = passed.isThinking ? LEAST_BUDGET : 0
  if (IS_ADAPTIVE.test(model)) return least
  const efforts = [...passed.efforts, ...(reasoning === undefined ? [] : [reasoning])]
  const shares = efforts.flatMap((effort) => SHARES[effort] ?? [])
  if (shares.length === 0) return least
  return Math.max(LEAST_BUDGET, Math.round(MOST_BESIDE * Math.max(...shares)))
}

interface Passed {
  readonly budgets: number[]
  readonly maxima: number[]
  readonly answers: number[]
  readonly efforts: string[]
  isThinking: boolean
}

/** What is said of the answer's size anywhere in the options of any provider: the SDK passes on what it does not know. */
function readOptions(options: unknown): Passed {
  const passed: Passed = { budgets: [], maxima: [], answers: [], efforts: [], isThinking: false }
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > 6) return
    for (const [key, one] of Object.entries(value)) {
      if (typeof one === 'number' && Number.isFinite(one) && one > 0) {
        if (BUDGETS.has(key)) passed.budgets.push(one)
        else if (MAXIMA.has(key)) passed.maxima.push(one)
        else if (ANSWERS.has(key)) passed.answers.push(one)
      } else if (typeof one === 'string') {
        if (EFFORTS.has(key)) passed.efforts.push(one)
        if (key === 'type' && one === 'enabled') passed.isThinking = true
      } else walk(one, depth + 1)
    }
  }
  walk(options, 0)
  return passed
}
