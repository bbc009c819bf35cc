/** `ctx.model`: a language model of the AI SDK whose every call is an operation of its run. */
import { durationMs, type ModelOptions } from '../task/index.ts'
import type { Hands } from '../run/index.ts'
import type { Guard } from './guard.ts'
import { named, type Models } from './named.ts'
import type { LanguageModelV4, LanguageModelV4CallOptions } from './sdk.ts'
import { Showing } from './showing.ts'
import { talk } from './talking.ts'

const IDLE_MS = 300_000

export function modelFor(
  hands: Hands,
  guard: Guard,
  models: Models | undefined,
  given: unknown,
  options: ModelOptions,
): LanguageModelV4 {
  const model = named(given, models)
  const idleMs = options.timeout === undefined ? IDLE_MS : durationMs(options.timeout)
  const common = { hands, guard, model, idleMs, isThrown: options.failures === 'throw' }
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.id,
    get supportedUrls() {
      return model.supportedUrls
    },
    async doGenerate(asked: LanguageModelV4CallOptions) {
      const { response, ...answer } = await talk({
        ...common,
        options: asked,
        isStreamed: false,
        showing: undefined,
      })
      return { ...answer, response }
    },
    doStream(asked: LanguageModelV4CallOptions) {
      const showing = new Showing()
      void talk({ ...common, options: asked, isStreamed: true, showing }).then(
        (answer) => showing.answered(answer),
        (error: unknown) => showing.failed(error),
      )
      return Promise.resolve({ stream: showing.stream })
    },
  }
}
