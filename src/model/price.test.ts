/** What calls cost. */
import { describe, expect, test } from 'vitest'
import { loadTable } from './price-table.ts'
import { priceOf, troubleWithPrices, type PriceQuestion, type Prices, type Usage } from './price.ts'

const at = new Date('2026-11-21T12:00:00Z')
const table = loadTable().name
const ask = (provider: string, model: string, usage: Usage, more: Partial<PriceQuestion> = {}) =>
  priceOf({ provider, model, usage, at, ...more })
const costOf = (...asked: Parameters<typeof ask>): number | undefined => {
  const priced = ask(...asked)
  return priced === 'unknown' ? undefined : priced.costUsd
}

test('a call is priced by the table, which is named with its version', () => {
  expect(table).toMatch(/^genai-prices \d+\.\d+\.\d+$/)
  expect(ask('openai', 'gpt-5.2', { input: 1_000_000, output: 100_000 })).toEqual({
    costUsd: 1.75 + 1.4,
    table: `${table} openai/gpt-5.2`,
  })
})

test('a provider is known as the AI SDK names it', () => {
  for (const provider of ['openai', 'openai.chat', 'openai.responses', 'OpenAI'])
    expect(costOf(provider, 'gpt-5.2', { input: 1_000_000, output: 0 })).toBe(1.75)
  expect(costOf('anthropic.messages', 'claude-sonnet-4-5', { input: 100_000, output: 0 })).toBe(0.3)
  expect(costOf('xai.chat', 'grok-4-0709', { input: 1000, output: 0 })).toBeGreaterThan(0)
  expect(costOf('gateway', 'openai/gpt-5.2', { input: 1_000_000, output: 0 })).toBe(1.75)
})

describe('what cannot be told is unknown, and never free', () => {
  const used = { input: 1000, output: 1000 }
  test.each([
    ['a provider nobody knows, whatever its model is called', 'my-proxy', 'gpt-5.2'],
    ['a provider whose name holds that of another', 'not-really-openai', 'gpt-5.2'],
    ['litellm, which the table would look through', 'litellm', 'gpt-5.2'],
    ['no provider at all', '', 'gpt-5.2'],
    ['a model nobody knows', 'openai', 'gpt-99-giga'],
    ['an entry without prices', 'azure', 'phi-4-reasoning:free'],
    ['an entry priced by the hour of sound', 'groq', 'whisper-large-v3'],
    ['the next version of a model that is known', 'anthropic', 'claude-sonnet-5-5'],
    ['a gateway without the name of a maker', 'gateway', 'gpt-5.2'],
    ['a name that every object has', 'openai', 'constructor'],
  ])('%s', (_, provider, model) => {
    expect(ask(provider, model, used)).toBe('unknown')
  })

  test.each<[string, Usage]>([
    ['nothing was reported', {}],
    ['only the output was', { output: 5 }],
    ['only the input was, of a model that answers', { input: 5 }],
    ['a number that is none', { input: Number.NaN, output: 1 }],
    ['less than nothing', { input: -1, output: 1 }],
    ['without end', { input: Number.POSITIVE_INFINITY, output: 1 }],
    ['text in place of a number', { input: '1' as never, output: 1 }],
  ])('usage: %s', (_, usage) => {
    expect(ask('openai', 'gpt-5.2', usage)).toBe('unknown')
    expect(ask('own', 'model', usage, { overrides: { 'own/*': { input: 1, output: 1 } } })).toBe('unknown')
  })

  test('a model that answers nothing needs no output', () => {
    expect(costOf('openai', 'text-embedding-3-small', { input: 1_000_000 })).toBe(0.02)
  })
})

test('a dated name, and the first of a version, are priced as the model', () => {
  const used = { input: 100_000, output: 0 }
  for (const model of ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5', 'claude-sonnet-4-0'])
    expect(costOf('anthropic', model, used)).toBe(0.3)
})

test('above its threshold all of a call is priced by the dearer tier', () => {
  expect(costOf('anthropic', 'claude-sonnet-4-5', { input: 200_000, output: 0 })).toBe(0.6)
  expect(costOf('anthropic', 'claude-sonnet-4-5', { input: 300_000, output: 1000 })).toBe(1.8 + 0.0225)
})

test('what is read from the cache is cheaper, what is written to it dearer, for an hour most', () => {
  const cost = (usage: Usage) =>
    costOf('anthropic', 'claude-opus-4-6', { input: 100_000, output: 0, ...usage })
  expect(cost({})).toBe(0.5)
  expect(cost({ cacheRead: 100_000 })).toBe(0.05)
  expect(cost({ cacheWrite: 100_000 })).toBe(0.625)
  expect(cost({ cacheWrite: 100_000, cacheWrite1h: 100_000 })).toBe(1)
  expect(cost({ cacheWrite1h: 100_000 })).toBe(1)
})

test('more cached than went in is priced as what was cached, and said', () => {
  const priced = ask('anthropic', 'claude-opus-4-6', { input: 10, output: 0, cacheRead: 100_000 })
  expect(priced).toMatchObject({
    costUsd: 0.05,
    note: '100000 cached of 10 input tokens, priced as 100000',
  })
  const reasoned = ask('openai', 'gpt-5.2', { input: 0, output: 10, reasoning: 1_000_000 })
  expect(reasoned).toMatchObject({ costUsd: 14, note: expect.stringContaining('reasoning') })
})

test('a price is the one of its day, and of its hour', () => {
  const used = { input: 1_000_000, output: 0 }
  const o3 = (day: string) => costOf('openai', 'o3', used, { at: new Date(day) })
  expect(o3('2025-06-01')).toBe(10)
  expect(o3('2025-07-01')).toBe(2)
  const deepseek = (hour: string) =>
    costOf('deepseek', 'deepseek-v4-pro', used, { at: new Date(`2026-11-21T${hour}:00Z`) }) ?? 0
  expect(deepseek('02:00')).not.toBe(deepseek('05:00'))
})

describe('prices of the author', () => {
  const overrides: Prices = {
    'openai/gpt-5.2': { input: 100, output: 200 },
    'ollama/*': { input: 0, output: 0 },
    'my-proxy/*': { as: 'openai' },
    'tuned-7': { as: 'openai/gpt-4.1-mini' },
  }
  const own = (provider: string, model: string, usage: Usage) => ask(provider, model, usage, { overrides })

  test('go before the table, and are named', () => {
    const priced = own('openai.chat', 'gpt-5.2', { input: 1_000_000, output: 1_000_000, cacheRead: 500_000 })
    expect(priced).toEqual({ costUsd: 300, table: 'prices["openai/gpt-5.2"]' })
  })
  test('may say that something costs nothing', () => {
    expect(own('ollama', 'llama4', { input: 9, output: 9 })).toEqual({
      costUsd: 0,
      table: 'prices["ollama/*"]',
    })
  })
  test('may say whose prices a provider has', () => {
    const priced = own('my-proxy', 'gpt-5.2', { input: 1_000_000, output: 0 })
    expect(priced).toEqual({ costUsd: 1.75, table: `${table} openai/gpt-5.2 by prices["my-proxy/*"]` })
    expect(own('any', 'tuned-7', { input: 1_000_000, output: 0 })).toMatchObject({ costUsd: 0.4 })
  })
  test('that are none are told by their entry', () => {
    expect(troubleWithPrices(overrides)).toBeUndefined()
    const trouble = (price: unknown) => troubleWithPrices({ 'a/b': price as never })
    expect(trouble({ input: 1 })).toMatch(
      /^prices\["a\/b"\]: output is to be a number from 0, and is undefined/,
    )
    expect(trouble({ input: -1, output: 1 })).toMatch(/input .* -1/)
    expect(trouble({ input: 1, output: 1, cached: 1 })).toMatch(/"cached" is none/)
    expect(trouble({ as: 'nobody' })).toMatch(/"nobody" names no provider/)
    expect(trouble(3)).toMatch(/no price/)
  })
})
