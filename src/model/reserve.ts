/**
 * How much is set aside before a call, so that what it comes to is never more.
 *
 * R1. All the output that may come (output-limit.ts), at the dearest of what output costs; all the input at the dearest of what input
 *     costs: nobody knows yet what of it is written to a cache.
 * R2. The dearest tier, and the dearest price that may hold from now to a day later.
 * R3. Where the price of a request is not in the table (another speed, another tier of service, a fallback chosen by the provider), it
 *     is `'unknown'`, as it is where the model's is. Tokens are always known.
 */
import { outputLimit, type OutputQuestion } from './output-limit.ts'
import type { ModelInfo } from './price-table.ts'
import { tariffOf, type Price, type Prices } from './price.ts'

export interface ReserveQuestion extends OutputQuestion {
  /** At most; see `inputBound` for an estimate. */
  readonly inputTokens: number
  readonly at: Date | number
  readonly overrides?: Prices | undefined
}

export interface Reserved {
  /** Input and output together. */
  readonly tokens: number
  readonly costUsd: number | 'unknown'
  /** What the request is to say, where its author said nothing. */
  readonly maxOutputTokens: number
}

/** What a count may be short of: 1.8 % when anchored on what the provider reported last, 26 % by a tokenizer of another maker. */
const MARGINS = { anchored: 1.02, estimated: 1.4 } as const

/** A count of tokens as one that is not exceeded. */
export const inputBound = (tokens: number, counted: keyof typeof MARGINS): number =>
  Math.ceil(tokens * MARGINS[counted])

/** What is set aside before a call. */
export function reservationOf(asked: ReserveQuestion): Reserved {
  const { inputTokens, at } = asked
  const tariff = tariffOf(asked)
  const window = tariff && 'entry' in tariff ? tariff.entry.context_window : undefined
  const { maxOutputTokens, most } = outputLimit(asked, window, inputTokens)
  const rates = tariff && ('own' in tariff ? ownRates(tariff.own) : tableRates(tariff.entry, new Date(at)))
  const fallbacks = fallbacksOf(asked.providerOptions)
  const isPriced = rates !== undefined && fallbacks !== 'unknown' && !isSurcharged(asked.providerOptions)
  const own = isPriced ? costAt(rates, inputTokens, most) : 'unknown'
  // Whichever of them answers: the dearest.
  const others = fallbacks === 'unknown' ? [] : fallbacks.map((model) => costOfFallback(asked, model, most))
  const all = [own, ...others]
  const costUsd = all.includes('unknown') ? 'unknown' : Math.max(...(all as number[])) // 'unknown' is ruled out
  return { tokens: inputTokens + most, costUsd, maxOutputTokens }
}

/** USD a million tokens at most, and USD a call. */
interface Rates {
  readonly input: number
  readonly output: number
  readonly call: number
}

/** Up to the next millionth of a millionth, so that a sum that is rounded otherwise is not above. */
const costAt = (rates: Rates, input: number, output: number): number =>
  Math.ceil((input * rates.input + output * rates.output) * 1e6 + rates.call * 1e12 + 1) / 1e12

const ownRates = ({ input, output, cacheRead = input, cacheWrite = input }: Price): Rates => ({
  input: Math.max(input, cacheRead, cacheWrite),
  output,
  call: 0,
})

const INPUTS = ['input_mtok', 'cache_read_mtok', 'cache_write_mtok', 'cache_write_1h_mtok']
const OUTPUTS = ['output_mtok', 'output_reasoning_mtok']

/** Nothing where the table has no price for what goes in. */
function tableRates(entry: ModelInfo, at: Date): Rates | undefined {
  const possible = pricesFrom(entry, at)
  if (possible.some((prices) => prices['input_mtok'] === undefined)) return undefined
  const dearest = (keys: readonly string[]): number =>
    Math.max(0, ...possible.flatMap((prices) => keys.flatMap((key) => tiersOf(prices[key]))))
  return {
    input: dearest(INPUTS),
    output: dearest(OUTPUTS),
    call: dearest(['requests_kcount']) / 1000,
  }
}

type ModelPrice = Exclude<ModelInfo['prices'], readonly unknown[]>

const DAY = 86_400_000

/** The prices that may hold from then to a day later: a call takes its time, and some prices depend on the hour. */
function pricesFrom({ prices }: ModelInfo, at: Date): readonly ModelPrice[] {
  if (!Array.isArray(prices)) return [prices]
  const dated = prices.filter(({ constraint }) => constraint?.type === 'start_date')
  const startOf = (one: (typeof dated)[number]): number =>
    one.constraint?.type === 'start_date' ? Date.parse(one.constraint.start_date) : 0
  const current = dated.findLast((one) => startOf(one) <= at.getTime())
  return prices
    .filter((one) => {
      if (one.constraint?.type !== 'start_date')
        return current === undefined || prices.indexOf(one) > prices.indexOf(current)
      return one === current || (startOf(one) > at.getTime() && startOf(one) <= at.getTime() + DAY)
    })
    .map((one) => one.prices)
}

function tiersOf(price: ModelPrice[string]): readonly number[] {
  if (price === undefined) return []
  return typeof price === 'number' ? [price] : [price.base, ...price.tiers.map((tier) => tier.price)]
}

const DEARER_TIERS = new Set(['priority', 'fast', 'premium', 'provisioned'])

/** The table has prices of the plain service only. */
function isSurcharged(options: ReserveQuestion['providerOptions']): boolean {
  return Object.values(options ?? {}).some((one) => {
    if (typeof one !== 'object' || one === null) return false
    const said = Object.entries(one).filter(([key]) => /^(?:speed|service_?tier|inference_?geo)$/i.test(key))
    return said.some(([key, value]) =>
      /geo/i.test(key) ? value !== undefined && value !== 'global' : DEARER_TIERS.has(String(value)),
    )
  })
}

/** Models that the provider itself may answer with instead (Anthropic). */
function fallbacksOf(options: ReserveQuestion['providerOptions']): readonly string[] | 'unknown' {
  const found = Object.values(options ?? {}).flatMap((one) =>
    typeof one === 'object' && one !== null && 'fallbacks' in one && one.fallbacks !== undefined
      ? [one.fallbacks]
      : [],
  )
  const models = found
    .flat()
    .map((one) => (typeof one === 'object' && one !== null && 'model' in one ? one.model : undefined))
  return models.every((model) => typeof model === 'string') ? models : 'unknown'
}

function costOfFallback(asked: ReserveQuestion, model: string, most: number): number | 'unknown' {
  const tariff = tariffOf({ ...asked, model })
  const rates =
    tariff && ('own' in tariff ? ownRates(tariff.own) : tableRates(tariff.entry, new Date(asked.at)))
  return rates ? costAt(rates, asked.inputTokens, most) : 'unknown'
}
