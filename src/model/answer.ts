/** An answer as the provider gave it, as it is recorded, and as the SDK is given it: the same live and replayed. */
import { CallIds } from './call-ids.ts'
import type { AnsweredBody, Usage } from './events.ts'
import type {
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from './sdk.ts'
import type { Packed, Texts } from './texts.ts'

/** What of an answer is recorded; ids and times that are missing are filled in once, live. */
export type Answer = Omit<LanguageModelV4GenerateResult, 'request' | 'response'> & {
  readonly response: { readonly id: string; readonly timestamp: Date; readonly modelId: string }
}

export function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage {
  const given = {
    input: inputTokens.total,
    output: outputTokens.total,
    cacheRead: inputTokens.cacheRead,
    cacheWrite: inputTokens.cacheWrite,
    reasoning: outputTokens.reasoning,
  }
  return Object.fromEntries(Object.entries(given).filter(([, tokens]) => tokens !== undefined)) as Usage
}

export function usageAsGiven({
  input,
  output,
  cacheRead,
  cacheWrite,
  reasoning,
}: Usage): LanguageModelV4Usage {
  const noCache = input === undefined ? undefined : input - (cacheRead ?? 0) - (cacheWrite ?? 0)
  const text = output === undefined ? undefined : output - (reasoning ?? 0)
  return {
    inputTokens: { total: input, noCache, cacheRead, cacheWrite },
    outputTokens: { total: output, text, reasoning },
  }
}

/** The recorded answer of an operation, with ids of tool calls that nothing else in the run has. */
export function answerOf(body: AnsweredBody, operation: string, texts: Texts): Answer {
  const content = body.content.map((part) => texts.unpack(part) as LanguageModelV4Content) // recorded as such
  const ids = new CallIds(operation)
  return {
    content: content.map((part): LanguageModelV4Content => {
      if (part.type === 'tool-call') return { ...part, toolCallId: ids.called(part.toolCallId) }
      if (part.type === 'tool-result' || part.type === 'tool-approval-request')
        return { ...part, toolCallId: ids.of(part.toolCallId) }
      return part
    }),
    finishReason: {
      unified: body.finish.unified as Answer['finishReason']['unified'], // recorded as such
      raw: body.finish.raw,
    },
    usage: usageAsGiven(body.usage),
    ...(body.meta === undefined
      ? {}
      : { providerMetadata: texts.unpack(body.meta) as NonNullable<Answer['providerMetadata']> }),
    warnings:
      body.warnings === undefined ? [] : (texts.unpack(body.warnings as Packed) as Answer['warnings']),
    response: { id: body.id, timestamp: new Date(body.at), modelId: body.model },
  }
}

/** The answer as a stream of parts: what a replay shows at once. */
export function* partsOf(answer: Answer): Generator<LanguageModelV4StreamPart> {
  yield { type: 'stream-start', warnings: answer.warnings }
  yield { type: 'response-metadata', ...answer.response }
  for (const [i, part] of answer.content.entries()) yield* partsOfContent(part, `${part.type}-${i}`)
  yield finishOf(answer)
}

/** What had been shown of an answer that broke off: its texts, up to the first part that waits for the record. The last has no end. */
export function* partsBroken(
  content: readonly LanguageModelV4Content[],
): Generator<LanguageModelV4StreamPart> {
  const shown = content.findIndex(({ type }) => type !== 'text' && type !== 'reasoning' && type !== 'custom')
  const parts = shown < 0 ? content : content.slice(0, shown)
  for (const [i, part] of parts.entries())
    for (const one of partsOfContent(part, `${part.type}-${i}`))
      if (i < parts.length - 1 || !one.type.endsWith('-end')) yield one
}

export function finishOf({ usage, finishReason, providerMetadata }: Answer): LanguageModelV4StreamPart {
  return { type: 'finish', usage, finishReason, ...(providerMetadata ? { providerMetadata } : {}) }
}

function* partsOfContent(part: LanguageModelV4Content, id: string): Generator<LanguageModelV4StreamPart> {
  const meta = part.providerMetadata ? { providerMetadata: part.providerMetadata } : {}
  switch (part.type) {
    case 'text':
      yield { type: 'text-start', id, ...meta }
      if (part.text !== '') yield { type: 'text-delta', id, delta: part.text }
      yield { type: 'text-end', id, ...(part.citations ? { citations: part.citations } : {}), ...meta }
      return
    case 'reasoning':
      yield { type: 'reasoning-start', id, ...meta }
      if (part.text !== '') yield { type: 'reasoning-delta', id, delta: part.text }
      yield { type: 'reasoning-end', id, ...meta }
      return
    case 'tool-call': {
      const { toolCallId, toolName, input, providerExecuted, dynamic } = part
      const flags = {
        ...(providerExecuted === undefined ? {} : { providerExecuted }),
        ...(dynamic === undefined ? {} : { dynamic }),
      }
      yield { type: 'tool-input-start', id: toolCallId, toolName, ...flags, ...meta }
      yield { type: 'tool-input-delta', id: toolCallId, delta: input }
      yield { type: 'tool-input-end', id: toolCallId, ...meta }
      yield part
      return
    }
    default:
      yield part
  }
}
