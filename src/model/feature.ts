/** `ctx.model`, `ctx.embeddingModel` and `ctx.tools`. */
import type { Classifier } from '../recovery/index.ts'
import type { Feature, Hands } from '../run/index.ts'
import type { ModelContext } from '../task/index.ts'
import { embeddingModelFor } from './embedding.ts'
import { guardOf } from './guard.ts'
import { modelFor } from './model.ts'
import type { Models } from './named.ts'
import type { Prices } from './price.ts'
import { isRecorded, markRecorded } from './recorded.ts'
import { toolsFor } from './tools.ts'

/** What an application says of models. */
export interface ModelSettings {
  /** Models by the names that tasks use. */
  readonly models?: Models | undefined
  /** What models cost, before the table that comes with the package. */
  readonly prices?: Prices | undefined
  /** What failures are that the layer does not know: asked first. */
  readonly classifiers?: readonly Classifier[] | undefined
}

export function modelFeature({ models, ...settings }: ModelSettings): Feature {
  const context = (hands: Hands): ModelContext => ({
    model: (model, options = {}) =>
      typeof model !== 'string' && isRecorded(model)
        ? model
        : markRecorded(modelFor(hands, guardOf(hands, settings), models, model, options)),
    embeddingModel: (model) =>
      typeof model !== 'string' && isRecorded(model)
        ? model
        : markRecorded(embeddingModelFor(hands, guardOf(hands, settings), model)),
    tools: ((tools: unknown, options = {}) => {
      const durable = toolsFor(hands, guardOf(hands, settings), tools, options)
      for (const tool of Object.values(durable)) markRecorded(tool)
      return durable
    }) as ModelContext['tools'],
  })
  return { context: (hands) => context(hands) }
}
