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
  /** Without tokens there is nothing to refuse, so that what it finds is the model alone. */
  const modelOf = (providerId: string, model: string) =>
    calcPrice({ input_tokens: 0, output_tokens: 0 }, model, { providerId })?.model
  return {
    name: `genai-prices ${version}`,
    providerOf: (id) => (id !== '' && findProvider({ providerId: id })?.id === id ? id : undefined),
    modelOf,
    calc(usage, model, { provider, at }) {
      const priced = calcPrice(usage, model, { providerId: provider, timestamp: at })
      if (!priced) throw new Error(`${model} of ${provider} is not in the table`)
      return { totalUsd: priced.total_price, prices: priced.model_price }
    },
  }
}
