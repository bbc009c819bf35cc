/** A case made to happen: the real SDK, the real providers, a server that fails as it is told. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { generateText, Output, streamText, tool } from 'ai'
import { z } from 'zod'
import type { Answer } from '../../src/recovery/index.ts'
import type { ModelServer } from '../../src/testing/model-server/index.ts'
import type { Case } from './cases.ts'

export type Came = { readonly error: unknown } | { readonly answer: Answer }

const PROMPT = 'Classify the letter of the vendor, and say in one sentence what it is about.'
const NOWHERE = 'http://127.0.0.1:65535/v1'
/** Of our own; long, but where running out of it is the case. */
const patienceMs = ({ fault }: Case) => (fault !== 'nobody listens' && fault.fault === 'hang' ? 300 : 20_000)

export const search = tool({
  description: 'Looks something up',
  inputSchema: z.object({ query: z.string() }),
  execute: ({ query }) => `found ${query}`,
})
const Letter = z.object({ name: z.string(), pages: z.number() })

export async function happen(one: Case, server: ModelServer): Promise<Came> {
  if (one.fault !== 'nobody listens') server.fault(one.fault)
  const model = modelOf(one, server)
  try {
    return await (one.through === 'provider' ? provider(one, model) : sdk(one, model))
  } catch (error) {
    return { error }
  }
}

function modelOf({ wire, fault }: Case, server: ModelServer): LanguageModelV4 {
  if (wire === 'anthropic') {
    const baseURL = fault === 'nobody listens' ? NOWHERE : server.anthropic
    return createAnthropic({ baseURL, apiKey: 'none' })('claude-sonnet-4-5')
  }
  const baseURL = fault === 'nobody listens' ? NOWHERE : server.openai
  const own = { name: 'dev', baseURL, includeUsage: true, supportsStructuredOutputs: true }
  return createOpenAICompatible(own)('dev-1')
}

async function provider(one: Case, model: LanguageModelV4): Promise<Came> {
  const options: LanguageModelV4CallOptions = {
    prompt: [{ role: 'user', content: [{ type: 'text', text: PROMPT }] }],
    abortSignal: AbortSignal.timeout(patienceMs(one)),
    ...(one.wants === 'tool'
      ? { tools: [{ type: 'function', name: 'search', inputSchema: { type: 'object', properties: {} } }] }
      : {}),
  }
  if (!one.isStream) {
    const { content, finishReason } = await model.doGenerate(options)
    return { answer: { content, finishReason, text: textOf(content) } }
  }
  const { stream } = await model.doStream(options)
  const content: unknown[] = []
  let text = ''
  let finishReason: Answer['finishReason'] = { unified: 'interrupted' }
  for await (const part of stream) {
    if (part.type === 'error') return { error: part.error }
    if (part.type === 'text-delta') text += part.delta
    if (part.type === 'tool-call') content.push(part)
    if (part.type === 'finish') finishReason = part.finishReason
  }
  return {
    answer: { content: text === '' ? content : [{ type: 'text', text }, ...content], finishReason, text },
  }
}

function textOf(content: readonly { readonly type: string }[]): string {
  return content.map((part) => ('text' in part && part.type === 'text' ? String(part.text) : '')).join('')
}

async function sdk(one: Case, model: LanguageModelV4): Promise<Came> {
  const asked = {
    model,
    prompt: PROMPT,
    maxRetries: one.maxRetries ?? 0,
    abortSignal: AbortSignal.timeout(patienceMs(one)),
    ...(one.wants === 'tool' ? { tools: { search } } : {}),
    ...(one.wants === 'object' ? { output: Output.object({ schema: Letter }) } : {}),
  }
  if (!one.isStream) {
    const result = await generateText(asked)
    if (one.wants === 'object') return { error: await thrownBy(() => result.output) }
    return { answer: answerOf(result) }
  }
  const result = streamText({ ...asked, onError: () => {} })
  for await (const part of result.stream) if (part.type === 'error') return { error: part.error }
  if (one.wants === 'object') return { error: await thrownBy(() => result.output) }
  return {
    answer: answerOf({
      content: await result.content,
      finishReason: await result.finishReason,
      rawFinishReason: await result.rawFinishReason,
      text: await result.text,
    }),
  }
}

async function thrownBy(read: () => unknown): Promise<unknown> {
  try {
    await read()
  } catch (error) {
    return error
  }
  throw new Error('An object came after all.')
}

interface Result {
  readonly content: unknown
  readonly finishReason: string
  readonly rawFinishReason: string | undefined
  readonly text: string
}

function answerOf({ content, finishReason, rawFinishReason, text }: Result): Answer {
  return { content, finishReason: { unified: finishReason, raw: rawFinishReason }, text }
}
