/** What can go wrong between a task and a model, and the mode it has to be: each case on each wire, streamed and not. */
import type { FailureMode } from '../../src/recovery/index.ts'
import type { FaultOptions, FaultRule } from '../../src/testing/model-server/index.ts'

export type Wire = 'openai' | 'anthropic'

export interface Case {
  readonly name: string
  readonly wire: Wire
  readonly isStream: boolean
  /** The provider alone, as the layer calls it; or `generateText` and `streamText` around it. */
  readonly through: 'provider' | 'sdk'
  readonly fault: FaultRule | 'nobody listens'
  /** Of the SDK: an object that has to fit, or a tool that may be called. */
  readonly wants?: 'object' | 'tool'
  readonly maxRetries?: number
  readonly mode: FailureMode
  readonly isTransient: boolean
  readonly retryAfterMs?: number
}

interface Row {
  readonly fault: FaultOptions | 'nobody listens'
  readonly mode: FailureMode
  readonly isTransient?: boolean
  readonly retryAfterMs?: number
  readonly wires?: readonly Wire[]
  readonly through?: Case['through']
  readonly wants?: Case['wants']
  readonly maxRetries?: number
  readonly streams?: readonly boolean[]
}

const O: readonly Wire[] = ['openai']
const A: readonly Wire[] = ['anthropic']
const passing = { isTransient: true } as const

const rows: Readonly<Record<string, Row>> = {
  '429': { fault: { fault: 'rate_limit' }, mode: 'saturation', ...passing },
  '429, Retry-After in seconds': {
    fault: { fault: 'rate_limit', retryAfter: 7 },
    mode: 'saturation',
    retryAfterMs: 7000,
    ...passing,
  },
  '429, retry-after-ms': {
    fault: { fault: 'rate_limit', retryAfter: 1.5, retryAfterAs: 'milliseconds' },
    mode: 'saturation',
    retryAfterMs: 1500,
    ...passing,
  },
  'no credit left': { fault: { fault: 'quota' }, mode: 'provider_outage' },
  '500': { fault: { fault: 'server_error' }, mode: 'provider_outage', ...passing },
  "500, a proxy's page": {
    fault: { fault: 'server_error', isHtml: true },
    mode: 'provider_outage',
    ...passing,
  },
  '503': { fault: { fault: 'unavailable' }, mode: 'provider_outage', ...passing },
  "503, a proxy's page": {
    fault: { fault: 'unavailable', isHtml: true },
    mode: 'provider_outage',
    ...passing,
  },
  '529': { fault: { fault: 'overloaded' }, mode: 'provider_outage', ...passing },
  '401': { fault: { fault: 'unauthorized' }, mode: 'configuration' },
  '403': { fault: { fault: 'forbidden' }, mode: 'configuration' },
  '404': { fault: { fault: 'not_found' }, mode: 'configuration' },
  'context too long': { fault: { fault: 'context_length' }, mode: 'context_overflow' },
  'context too long, 413': {
    fault: { fault: 'context_length', words: 'too_large' },
    mode: 'context_overflow',
  },
  'context too long, llama.cpp': {
    fault: { fault: 'context_length', words: 'llama.cpp' },
    mode: 'context_overflow',
    wires: O,
  },
  'context too long, vLLM': {
    fault: { fault: 'context_length', words: 'vllm' },
    mode: 'context_overflow',
    wires: O,
  },
  'context too long, Mistral': {
    fault: { fault: 'context_length', words: 'mistral' },
    mode: 'context_overflow',
    wires: O,
  },
  'context too long, Gemini': {
    fault: { fault: 'context_length', words: 'gemini' },
    mode: 'context_overflow',
    wires: O,
  },
  'context too long, xAI': {
    fault: { fault: 'context_length', words: 'xai' },
    mode: 'context_overflow',
    wires: O,
  },
  'context too long, OpenRouter': {
    fault: { fault: 'context_length', words: 'openrouter' },
    mode: 'context_overflow',
    wires: O,
  },
  'context too long, the window': {
    fault: { fault: 'context_length', words: 'openai_window' },
    mode: 'context_overflow',
    wires: O,
  },
  'context too long, with max_tokens': {
    fault: { fault: 'context_length', words: 'anthropic_limit' },
    mode: 'context_overflow',
    wires: A,
  },
  'context too long, Bedrock': {
    fault: { fault: 'context_length', words: 'bedrock' },
    mode: 'context_overflow',
    wires: A,
  },
  'a filter before the model': { fault: { fault: 'content_filter' }, mode: 'refusal' },
  'nobody listens': { fault: 'nobody listens', mode: 'provider_outage', ...passing },
  'hangs until the time is out': { fault: { fault: 'hang' }, mode: 'provider_outage', ...passing },
  'reset before headers': { fault: { fault: 'reset' }, mode: 'provider_outage', ...passing },
  'reset in the middle': { fault: { fault: 'reset_mid_stream' }, mode: 'provider_outage', ...passing },
  'ends early': { fault: { fault: 'ends_early' }, mode: 'provider_outage', ...passing },
  'an error in the middle': { fault: { fault: 'error_chunk' }, mode: 'provider_outage', ...passing },
  'an error in the middle: too many': {
    fault: { fault: 'error_chunk', type: 'rate_limit_error' },
    mode: 'saturation',
    streams: [true],
    ...passing,
  },
  'an error in the middle: too long': {
    fault: { fault: 'error_chunk', type: 'context_length_exceeded' },
    mode: 'context_overflow',
    streams: [true],
  },
  'cut-off JSON': { fault: { fault: 'truncated_body' }, mode: 'provider_outage', ...passing },
  'an empty body': { fault: { fault: 'empty_body' }, mode: 'provider_outage', ...passing },
  'another shape': { fault: { fault: 'wrong_shape' }, mode: 'provider_outage', ...passing },
  'no choices': { fault: { fault: 'no_choices' }, mode: 'provider_outage', ...passing },
  'a refusal': { fault: { fault: 'refusal' }, mode: 'refusal' },
  'a refusal in plain words': { fault: { fault: 'refusal_in_words' }, mode: 'refusal' },
  'a filtered answer': { fault: { fault: 'filtered_answer' }, mode: 'refusal' },
  'cut off at the most tokens': { fault: { fault: 'length' }, mode: 'malformed_output' },
  'the window is full in the middle': { fault: { fault: 'context_window' }, mode: 'context_overflow' },
  'pauses its turn': { fault: { fault: 'pause_turn' }, mode: 'premature_end' },
  'stops for no known reason': { fault: { fault: 'unknown_finish' }, mode: 'unclassified' },
  'says nothing': { fault: { fault: 'empty_text' }, mode: 'premature_end', ...passing },
  'calls what was not offered': { fault: { fault: 'wrong_tool' }, mode: 'wrong_tool', wants: 'tool' },
  'arguments that are no JSON': {
    fault: { fault: 'bad_arguments' },
    mode: 'wrong_tool',
    wants: 'tool',
    through: 'sdk',
  },
  'arguments that do not fit': {
    fault: { fault: 'wrong_arguments' },
    mode: 'wrong_tool',
    wants: 'tool',
    through: 'sdk',
  },
  'an object that is no JSON': {
    fault: { fault: 'bad_output' },
    mode: 'malformed_output',
    wants: 'object',
    through: 'sdk',
  },
  'an object that does not fit': {
    fault: { fault: 'wrong_output' },
    mode: 'malformed_output',
    wants: 'object',
    through: 'sdk',
  },
  'an object that is cut off': {
    fault: { fault: 'length' },
    mode: 'malformed_output',
    wants: 'object',
    through: 'sdk',
  },
  'a refusal in place of an object': {
    fault: { fault: 'refusal_in_words' },
    mode: 'refusal',
    wants: 'object',
    through: 'sdk',
  },
  'through the SDK: 429 twice': {
    fault: { fault: 'rate_limit', retryAfter: 0.01, retryAfterAs: 'milliseconds' },
    mode: 'saturation',
    retryAfterMs: 10,
    through: 'sdk',
    maxRetries: 1,
    ...passing,
  },
  'through the SDK: 500': {
    fault: { fault: 'server_error' },
    mode: 'provider_outage',
    through: 'sdk',
    ...passing,
  },
  'through the SDK: context too long': {
    fault: { fault: 'context_length' },
    mode: 'context_overflow',
    through: 'sdk',
  },
  'through the SDK: an error in the middle': {
    fault: { fault: 'error_chunk' },
    mode: 'provider_outage',
    through: 'sdk',
    streams: [true],
    ...passing,
  },
  'through the SDK: reset in the middle': {
    fault: { fault: 'reset_mid_stream' },
    mode: 'provider_outage',
    through: 'sdk',
    ...passing,
  },
}

export const cases: readonly Case[] = Object.entries(rows).flatMap(([name, row]) =>
  (row.wires ?? ['openai', 'anthropic']).flatMap((wire) =>
    (row.streams ?? [false, true]).map((isStream) => {
      const { fault, mode, isTransient = false, retryAfterMs, through = 'provider', wants, maxRetries } = row
      return {
        ...{ name, wire, isStream, through, mode, isTransient },
        fault: typeof fault === 'string' ? fault : { ...fault, times: (maxRetries ?? 0) + 1 },
        ...(wants === undefined ? {} : { wants }),
        ...(maxRetries === undefined ? {} : { maxRetries }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      }
    }),
  ),
)

export function titleOf({ name, wire, isStream }: Case): string {
  return `${name} (${wire}${isStream ? ', streamed' : ''})`
}
