/** The reading with the AI SDK: a model that answers at once, and tools that know what to return. */
import { generateText, isStepCount, jsonSchema, tool, type LanguageModel } from 'ai'
import { toolsSaid, type Reading } from './reading.ts'

type Model = Exclude<LanguageModel, string> & { readonly specificationVersion: 'v4' }

/** `asked` hears of every call of it. */
export function modelOf({ turns }: Reading, asked: () => void): Model {
  return {
    specificationVersion: 'v4',
    provider: 'bench',
    modelId: 'none',
    supportedUrls: {},
    async doGenerate({ prompt }) {
      asked()
      const index = prompt.filter(({ role }) => role === 'assistant').length
      const turn = turns[index]
      if (!turn) throw new Error(`There is no turn ${index}.`)
      return {
        content: [
          { type: 'text', text: turn.text },
          ...turn.calls.map(({ tool: toolName, args }, i) => ({
            type: 'tool-call' as const,
            toolCallId: `call_${i}`,
            toolName,
            input: JSON.stringify(args),
          })),
        ],
        finishReason: { unified: turn.calls.length > 0 ? 'tool-calls' : 'stop', raw: undefined },
        usage: {
          inputTokens: { total: 1000, noCache: 1000, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 300, text: 300, reasoning: 0 },
        },
        warnings: [],
      }
    },
    doStream() {
      throw new Error('Nothing streams here.')
    },
  }
}

export function toolsOf({ turns }: Reading) {
  const results = new Map(
    turns.flatMap(({ calls }) =>
      calls.map(({ tool: name, args, result }) => [name + JSON.stringify(args), result]),
    ),
  )
  const made = (name: keyof typeof toolsSaid) =>
    tool({
      description: toolsSaid[name],
      inputSchema: jsonSchema<object>({ type: 'object' }),
      execute: (args) => results.get(name + JSON.stringify(args)),
    })
  return { search: made('search'), note: made('note') }
}

/** The whole loop; throws if it was another. */
export async function read(
  reading: Reading,
  model: LanguageModel,
  tools: ReturnType<typeof toolsOf>,
): Promise<number> {
  const { system, prompt, turns } = reading
  const { steps } = await generateText({
    ...{ model, tools, system, prompt },
    stopWhen: isStepCount(turns.length + 1),
  })
  if (steps.length !== turns.length) throw new Error(`${steps.length} calls were made of ${turns.length}.`)
  return steps.length
}
