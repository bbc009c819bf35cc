/** What is set aside before a call is never less than what it comes to. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { anthropicModelCatalog } from '@ai-sdk/anthropic/internal'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { outputLimit } from './output-limit.ts'
import { priceOf, type Prices } from './price.ts'
import { inputBound, reservationOf, type ReserveQuestion } from './reserve.ts'

const at = new Date('2026-11-21T12:00:00Z')
const reserve = (provider: string, model: string, more: Partial<ReserveQuestion> = {}) =>
  reservationOf({ provider, model, inputTokens: 1000, maxOutputTokens: 1000, at, ...more })

test('input and output are set aside at their dearest: as if all were written to a cache', () => {
  expect(reserve('anthropic.messages', 'claude-opus-4-6')).toEqual({
    tokens: 2000,
    costUsd: expect.closeTo((1000 * 10 + 1000 * 25) / 1e6, 9),
    maxOutputTokens: 1000,
  })
  const tiered = reserve('anthropic', 'claude-sonnet-4-5').costUsd
  expect(tiered).toBeCloseTo((1000 * 12 + 1000 * 22.5) / 1e6, 9)
})

test('1,000 tokens of output with high reasoning are 39,400', () => {
  expect(reserve('anthropic', 'claude-sonnet-4-5', { reasoning: 'high' }).tokens).toBe(1000 + 39_400)
})

describe('a request without a maximum is given one', () => {
  test.each([
    ['anthropic', 'claude-opus-4-6', 32_000],
    ['openai', 'gpt-5.2', 32_000],
    ['openai', 'gpt-4.1-mini', 8192],
    ['openai', 'gpt-4', 4096],
    ['anthropic', 'claude-3-haiku-20240307', 4096],
    ['lab', 'a-model-of-its-own', 8192],
  ])('%s %s', (provider, model, limit) => {
    const reserved = reserve(provider, model, { maxOutputTokens: undefined })
    expect(reserved.maxOutputTokens).toBe(limit)
    expect(reserved.tokens).toBe(1000 + limit)
  })

  test('that leaves room for the input, where the table knows how much there is', () => {
    const reserved = reserve('openai', 'gpt-4', { maxOutputTokens: undefined, inputTokens: 8000 })
    expect(reserved.maxOutputTokens).toBeLessThan(4096)
    expect(reserve('openai', 'gpt-4', { maxOutputTokens: undefined, inputTokens: 9e6 }).maxOutputTokens).toBe(
      1,
    )
  })
})

describe('what an author passes on to the provider counts', () => {
  const most = (providerOptions: Record<string, unknown>, provider = 'lab.chat') =>
    outputLimit({ provider, model: 'm', maxOutputTokens: 1000, providerOptions }).most
  test('a maximum of another name', () => expect(most({ lab: { max_completion_tokens: 9000 } })).toBe(9000))
  test('several answers', () => expect(most({ lab: { n: 3 } })).toBe(3000))
  test('a budget of thinking', () => expect(most({ lab: { thinking: { budgetTokens: 4000 } } })).toBe(5000))
  test('an effort, of a provider that may add it', () =>
    expect(most({ lab: { reasoningEffort: 'low' } })).toBe(7400))
  test('an effort, of one that counts it inside', () =>
    expect(most({ openai: { reasoningEffort: 'high' } }, 'openai.responses')).toBe(1000))
  test('what holds itself is no trap', () => {
    const options: Record<string, unknown> = { lab: {} }
    options['lab'] = options
    expect(most(options)).toBe(1000)
  })
})

describe('a price that the table does not have is unknown', () => {
  const costOf = (provider: string, model: string, anthropic: unknown) =>
    reserve(provider, model, { providerOptions: { anthropic } }).costUsd
  test('of a model', () => expect(reserve('lab', 'm').costUsd).toBe('unknown'))
  test('of another speed', () =>
    expect(costOf('anthropic', 'claude-opus-4-6', { speed: 'fast' })).toBe('unknown'))
  test('of another region', () =>
    expect(costOf('anthropic', 'claude-opus-4-6', { inferenceGeo: 'us' })).toBe('unknown'))
  test('of a fallback that the provider chooses', () =>
    expect(costOf('anthropic', 'claude-opus-4-6', { fallbacks: 'default' })).toBe('unknown'))
  test('of a fallback nobody knows', () =>
    expect(costOf('anthropic', 'claude-opus-4-6', { fallbacks: [{ model: 'claude-x' }] })).toBe('unknown'))
  test('tokens are known all the same', () => expect(reserve('lab', 'm').tokens).toBe(2000))
})

test('a dearer fallback is what is set aside', () => {
  const costOf = (model: string, fallbacks: readonly object[]) =>
    reserve('anthropic', model, { providerOptions: { anthropic: { fallbacks } } }).costUsd
  expect(costOf('claude-haiku-4-5', [{ model: 'claude-opus-4-6' }])).toBe(
    reserve('anthropic', 'claude-opus-4-6').costUsd,
  )
})

test('a price that begins within a day is set aside already', () => {
  const before = (day: string) => reserve('google', 'gemini-3.6-flash', { at: new Date(day) }).costUsd
  const [long, eve, after] = [before('2026-12-01'), before('2026-12-31T12:00Z'), before('2027-01-02')]
  expect(long).not.toBe(after)
  expect(eve).toBe(Math.max(Number(long), Number(after)))
})

const known: readonly (readonly [provider: string, model: string])[] = [
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic.messages', 'claude-opus-4-6'],
  ['openai.chat', 'gpt-5.2'],
  ['openai', 'o3'],
  ['openai', 'gpt-5.6-sol'],
  ['deepseek', 'deepseek-v4-pro'],
  ['deepseek', 'deepseek-reasoner'],
  ['google.generative-ai', 'gemini-2.5-pro'],
  ['google', 'gemini-3.6-flash'],
  ['perplexity', 'sonar-pro'],
  ['xai', 'grok-4-0709'],
  ['own', 'model'],
]
const overrides: Prices = { 'own/*': { input: 3, output: 5, cacheRead: 0.1, cacheWrite: 7 } }

test('what a call comes to is never above what was set aside, whatever its tokens are', () => {
  // All or nothing as often as something between: that is where what was forgotten shows.
  const share = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }))
  const calls = fc.record({
    which: fc.constantFrom(...known),
    inputTokens: fc.integer({ min: 0, max: 1_200_000 }),
    maxOutputTokens: fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined }),
    at: fc.date({ min: new Date('2026-01-01'), max: new Date('2027-03-01'), noInvalidDate: true }),
    tookMs: fc.integer({ min: 0, max: 3_600_000 * 12 }),
    shares: fc.tuple(share, share, share, share, share, share),
  })
  let priced = 0
  fc.assert(
    fc.property(calls, ({ which: [provider, model], tookMs, shares, ...asked }) => {
      const reserved = reservationOf({ provider, model, overrides, ...asked })
      const [inputs, outputs, read, written, hour, reasoned] = shares
      const input = Math.floor(asked.inputTokens * inputs)
      const output = Math.floor((reserved.tokens - asked.inputTokens) * outputs)
      const cacheRead = Math.floor(input * read)
      const cacheWrite = Math.floor((input - cacheRead) * written)
      const usage = {
        input,
        output,
        cacheRead,
        cacheWrite,
        cacheWrite1h: Math.floor(cacheWrite * hour),
        reasoning: Math.floor(output * reasoned),
      }
      const settledAt = new Date(asked.at.getTime() + tookMs)
      const settled = priceOf({ provider, model, usage, at: settledAt, overrides })
      if (reserved.costUsd === 'unknown' || settled === 'unknown')
        throw new Error(`${provider} ${model} has no price`)
      expect(settled.costUsd).toBeLessThanOrEqual(reserved.costUsd)
      priced++
    }),
    { numRuns: 3000, seed: 5 },
  )
  expect(priced).toBe(3000)
})

describe('what the providers of the AI SDK really ask for is never above what was set aside', () => {
  const levels = ['provider-default', 'none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const
  const thinking = [
    undefined,
    { type: 'enabled' },
    { type: 'enabled', budgetTokens: 20_000 },
    { type: 'adaptive' },
    { type: 'disabled' },
  ]
  const prompt: LanguageModelV4CallOptions['prompt'] = [
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
  ]

  /** The body of the one request a provider makes: it gets no answer. */
  async function sent(
    make: (fetch: typeof globalThis.fetch) => LanguageModelV4,
    options: Omit<LanguageModelV4CallOptions, 'prompt'>,
  ): Promise<Record<string, unknown>> {
    let body = '{}'
    const model = make(async (_, init) => {
      if (typeof init?.body === 'string') body = init.body
      return new Response('{}', { status: 400 })
    })
    await Promise.resolve(model.doGenerate({ prompt, ...options })).catch(() => {})
    return JSON.parse(body) as Record<string, unknown> // what the provider wrote
  }

  const ids = [...Object.keys(anthropicModelCatalog), 'claude-3-haiku-20240307', 'claude-next', 'minimax-m2']
  test.each(ids)('anthropic %s', async (id) => {
    for (const reasoning of levels)
      for (const think of thinking)
        for (const given of [undefined, 1000, 50_000]) {
          const providerOptions = think ? { anthropic: { thinking: think } } : {}
          const asked = {
            provider: 'anthropic.messages',
            model: id,
            reasoning,
            providerOptions,
            maxOutputTokens: given,
          }
          const { maxOutputTokens, most } = outputLimit(asked)
          const body = await sent((fetch) => createAnthropic({ apiKey: 'none', fetch })(id), {
            maxOutputTokens,
            reasoning,
            ...(think ? { providerOptions: { anthropic: { thinking: think } } } : {}),
          })
          expect(body['max_tokens'], JSON.stringify(asked)).toBeGreaterThan(0)
          expect(body['max_tokens'], JSON.stringify(asked)).toBeLessThanOrEqual(most)
        }
  })

  test('openai-compatible', async () => {
    for (const lab of [{}, { max_tokens: 5000 }, { max_completion_tokens: 6000, n: 2 }]) {
      const asked = { provider: 'lab.chat', model: 'm', maxOutputTokens: 1000, providerOptions: { lab } }
      const { maxOutputTokens, most } = outputLimit(asked)
      const make = (fetch: typeof globalThis.fetch) =>
        createOpenAICompatible({ name: 'lab', baseURL: 'http://localhost', fetch })('m')
      const body = await sent(make, { maxOutputTokens, providerOptions: { lab } })
      const most1 = Math.max(Number(body['max_tokens']), Number(body['max_completion_tokens'] ?? 0))
      expect(most1 * Number(body['n'] ?? 1)).toBe(most)
    }
  })
})

test('a count is made one that is not exceeded', () => {
  expect(inputBound(1000, 'anchored')).toBe(1020)
  expect(inputBound(1000, 'estimated')).toBe(1400)
})
