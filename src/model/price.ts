/**
 * What a call costs in USD, by the table of `@pydantic/genai-prices`, or by prices of the author's own.
 *
 * P1. Nothing is free because it is unknown: whatever cannot be told is `'unknown'`, never 0.
 * P2. A provider is known by its exact name. The table would take one it does not know for whoever makes a model of that name.
 * P3. A model is not priced as another version of it: `sonnet-5-5` begins with `sonnet-5`.
 * P4. More tokens of a part than of the whole (cache above input, reasoning above output) means that the whole left them out:
 *     it is raised to them, so that what is booked is not below what was spent, and that is noted.
 * P5. What a price was taken from is named, with the version of the table.
 */
import { loadTable, type ModelInfo } from './price-table.ts'

/** USD a million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  /** As dear as input unless told. */
  readonly cacheRead?: number
  /** As dear as input unless told. */
  readonly cacheWrite?: number
}

/**
 * Prices of the author's own, which go before the table's, by `provider/model`, `provider/*` or `model`.
 * `{ as: 'openai/gpt-5.2' }`, or `{ as: 'openai' }` for the model of the same name: as dear as that is in the table.
 */
export type Prices = Readonly<Record<string, Price | { readonly as: string }>>

/** Tokens of a call; `input` includes those of the cache, `output` those of reasoning. */
export interface Usage {
  readonly input?: number | undefined
  readonly output?: number | undefined
  readonly cacheRead?: number | undefined
  readonly cacheWrite?: number | undefined
  /** Of those written to the cache: for an hour, which is dearer. */
  readonly cacheWrite1h?: number | undefined
  readonly reasoning?: number | undefined
}

export interface Priced {
  readonly costUsd: number
  /** What it was priced by, such as `genai-prices 0.1.8 openai/gpt-5.2`. */
  readonly table: string
  /** What was made of a usage that contradicts itself. */
  readonly note?: string
}

export interface PriceQuestion {
  /** As the AI SDK names it (`openai.chat`), or as the table does. */
  readonly provider: string
  readonly model: string
  readonly usage: Usage
  /** When it was called: prices change, and some depend on the time of day. */
  readonly at: Date | number
  readonly overrides?: Prices | undefined
}

/** Providers of the AI SDK that the table knows by another name. */
const NAMED_OTHERWISE: Readonly<Record<string, string>> = {
  'amazon-bedrock': 'aws',
  bedrock: 'aws',
  'azure-openai': 'azure',
  'fireworks-ai': 'fireworks',
  'google-vertex': 'google',
  togetherai: 'together',
  vertex: 'google',
  voyage: 'voyageai',
  xai: 'x-ai',
}

/** What a call cost; `'unknown'` where that cannot be told. */
export function priceOf({ provider, model, usage, at, overrides }: PriceQuestion): Priced | 'unknown' {
  const read = readUsage(usage)
  if (!read) return 'unknown'
  const found = tariffOf({ provider, model, overrides })
  if (found === undefined) return 'unknown'
  const costUsd = 'own' in found ? ownCost(found.own, read) : tableCost(found, read, new Date(at))
  if (costUsd === undefined) return 'unknown'
  return { costUsd: rounded(costUsd), table: found.table, ...(read.note ? { note: read.note } : {}) }
}

/** By what a model is priced: the author's own price, or an entry of the table. */
export type Tariff = TableTariff | { readonly own: Price; readonly table: string }

interface TableTariff {
  readonly provider: string
  readonly model: string
  readonly entry: ModelInfo
  readonly table: string
}

export function tariffOf(asked: Pick<PriceQuestion, 'provider' | 'model' | 'overrides'>): Tariff | undefined {
  const { provider, model } = asked
  const { overrides = {} } = asked
  const plain = plainProvider(provider)
  for (const key of [`${provider}/${model}`, `${plain}/${model}`, `${provider}/*`, `${plain}/*`, model]) {
    const own = Object.hasOwn(overrides, key) ? overrides[key] : undefined
    if (own === undefined) continue
    if (!('as' in own)) return { own, table: `prices["${key}"]` }
    const [maker = '', ...named] = own.as.split('/')
    const found = inTable(maker, named.length > 0 ? named.join('/') : model)
    return found && { ...found, table: `${found.table} by prices["${key}"]` }
  }
  const slash = model.indexOf('/')
  if (plain === 'gateway' && slash > 0) return inTable(model.slice(0, slash), model.slice(slash + 1))
  return inTable(plain, model)
}

/** `openai` of `openai.chat`. */
export function plainProvider(provider: string): string {
  return provider.trim().toLowerCase().split('.', 1)[0] ?? ''
}

/** What is wrong with prices that somebody gives, in a sentence; nothing if they can be used. */
export function troubleWithPrices(prices: Prices): string | undefined {
  for (const [key, price] of Object.entries(prices)) {
    const trouble = troubleWith(price)
    if (trouble !== undefined)
      return `prices["${key}"]: ${trouble} Give { input, output } in USD a million tokens, or { as: "openai/gpt-5.2" }.`
  }
  return undefined
}

function troubleWith(price: unknown): string | undefined {
  if (typeof price !== 'object' || price === null) return 'It is no price.'
  if ('as' in price) {
    const maker = typeof price.as === 'string' ? price.as.split('/', 1)[0] : undefined
    const isKnown =
      maker !== undefined && loadTable().providerOf(NAMED_OTHERWISE[maker] ?? maker) !== undefined
    return isKnown ? undefined : `"${String(price.as)}" names no provider of the table.`
  }
  const { input, output, cacheRead = 0, cacheWrite = 0, ...rest } = price as Partial<Price>
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined) return `"${unknown}" is none of input, output, cacheRead, cacheWrite.`
  const wrong = Object.entries({ input, output, cacheRead, cacheWrite }).find(([, value]) => !isAmount(value))
  return wrong && `${wrong[0]} is to be a number from 0, and is ${String(wrong[1])}.`
}

function inTable(named: string, model: string): TableTariff | undefined {
  const source = loadTable()
  const provider = source.providerOf(NAMED_OTHERWISE[named] ?? named)
  if (provider === undefined) return undefined
  const entry = source.modelOf(provider, model)
  if (!entry || isOtherVersion(entry.id, model)) return undefined
  return { provider, model, entry, table: `${source.name} ${provider}/${entry.id}` }
}

/** `sonnet-5-5` for `sonnet-5`; a date (`-20250929`, `-0613`) or a revision (`-001`) is no version of its own, `-0` is the first. */
function isOtherVersion(found: string, asked: string): boolean {
  const rest = asked.trim().toLowerCase().split(found.toLowerCase())
  return rest.length > 1 && /^[-.][1-9]\d?(?!\d)/.test(rest.slice(1).join(found))
}

interface ReadUsage {
  readonly input: number
  /** Nothing was said of it: fine where there is none, as with embeddings. */
  readonly output: number | undefined
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly cacheWrite1h: number
  readonly reasoning: number
  readonly note: string | undefined
}

/** Nothing where it does not say how much went in, or says what cannot be. */
function readUsage(usage: Usage): ReadUsage | undefined {
  const { input, output, cacheRead = 0, cacheWrite = 0, cacheWrite1h = 0, reasoning = 0 } = usage
  if (![input, output ?? 0, cacheRead, cacheWrite, cacheWrite1h, reasoning].every(isAmount)) return undefined
  if (input === undefined) return undefined
  const written = Math.max(cacheWrite, cacheWrite1h)
  const cached = cacheRead + written
  const notes = [
    cached > input ? [`${cached} cached of ${input} input tokens, priced as ${cached}`] : [],
    reasoning > (output ?? reasoning)
      ? [`${reasoning} reasoning of ${output} output tokens, priced as ${reasoning}`]
      : [],
  ].flat()
  return {
    input: Math.max(input, cached),
    output: output === undefined && reasoning === 0 ? undefined : Math.max(output ?? 0, reasoning),
    cacheRead,
    cacheWrite: written,
    cacheWrite1h,
    reasoning,
    note: notes.length > 0 ? notes.join('; ') : undefined,
  }
}

function ownCost(price: Price, usage: ReadUsage): number | undefined {
  const { input, cacheRead = input, cacheWrite = input } = price
  if (usage.output === undefined && price.output > 0) return undefined
  const plain = usage.input - usage.cacheRead - usage.cacheWrite
  const inputs = plain * input + usage.cacheRead * cacheRead + usage.cacheWrite * cacheWrite
  return (inputs + (usage.output ?? 0) * price.output) / 1e6
}

/** Nothing where the table has no price for what was used: it would count it as 0. */
function tableCost({ provider, model }: TableTariff, usage: ReadUsage, at: Date): number | undefined {
  const tokens = {
    input_tokens: usage.input,
    output_tokens: usage.output ?? 0,
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite,
    cache_write_1h_tokens: usage.cacheWrite1h,
    output_reasoning_tokens: usage.reasoning,
  }
  try {
    const { prices, totalUsd } = loadTable().calc(tokens, model, { provider, at })
    const isSilent = usage.output === undefined && prices['output_mtok'] !== undefined
    const lacksInput = usage.input > 0 && prices['input_mtok'] === undefined
    const lacksOutput = (usage.output ?? 0) > 0 && prices['output_mtok'] === undefined
    return isSilent || lacksInput || lacksOutput || !Number.isFinite(totalUsd) ? undefined : totalUsd
  } catch {
    return undefined // a usage or an entry that the table itself cannot make sense of (P1)
  }
}

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

/** To a millionth of a millionth, which is less than any token costs. */
const rounded = (costUsd: number): number => Math.round(costUsd * 1e12) / 1e12
