/** The package `@pydantic/genai-prices`, loaded when the first call is priced: 0.8 MB of table that a run without models never needs. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as genai from '@pydantic/genai-prices'

export type ModelInfo = genai.ModelInfo

export interface Table {
  /** With its version. */
  readonly name: string
  /** A provider that the table knows by exactly this name. */
  providerOf(id: string): string | undefined
  /** The entry of a model, by the table's own rules. */
  modelOf(provider: string, model: string): ModelInfo | undefined
  /** What it comes to, and the prices that hold then. */
  calc(
    usage: genai.Usage,
    model: string,
    where: { readonly provider: string; readonly at: Date },
  ): { readonly totalUsd: number; readonly prices: genai.ModelPrice }
}

const PACKAGE = '@pydantic/genai-prices'

let table: Table | undefined

export function loadTable(): Table {
  return (table ??= read())
}

function read(): Table {
  // Not `import()`: whoever books a call is in the middle of a commit, and must not wait.
  const require = createRequire(import.meta.url)
  const { calcPrice, findProvider } = require(PACKAGE) as typeof genai // what the package's own types declare
  const manifest = join(dirname(require.resolve(PACKAGE)), '../package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string } // as npm requires it
  const providerOf = remembered((id: string) => {
    const provider = id === '' ? undefined : findProvider({ providerId: id })
    return provider?.id === id ? provider : undefined
  })
  /** Of a provider only that one model: a table of one is searched faster than one of 1,500. */
  const entryOf = remembered((key: string) => {
    const [id = '', model = ''] = key.split('\0')
    const provider = providerOf(id)
    // Without tokens there is nothing to refuse, so that what it finds is the model alone.
    const entry =
      provider && calcPrice({ input_tokens: 0, output_tokens: 0 }, model, { providerId: id })?.model
    return entry && { entry, alone: { ...provider, models: [entry] } }
  })
  return {
    name: `genai-prices ${version}`,
    providerOf: (id) => providerOf(id)?.id,
    modelOf: (provider, model) => entryOf(`${provider}\0${model}`)?.entry,
    calc(usage, model, { provider, at }) {
      const found = entryOf(`${provider}\0${model}`)
      const priced = found && calcPrice(usage, model, { provider: found.alone, timestamp: at })
      if (!priced) throw new Error(`${model} of ${provider} is not in the table`)
      return { totalUsd: priced.total_price, prices: priced.model_price }
    },
  }
}

/** More names than this are asked for by nobody; then it begins anew. */
const MOST_REMEMBERED = 1000

function remembered<T>(find: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>()
  return (key) => {
    if (known.has(key)) return known.get(key) as T // it was put there
    if (known.size >= MOST_REMEMBERED) known.clear()
    const found = find(key)
    known.set(key, found)
    return found
  }
}
