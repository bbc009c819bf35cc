/** What a request costs in tokens, counted on both sides; and answers cut to what was asked for at most. */
import type { Tokenizer } from '../../tokens/index.ts'
import { argsText, pieces, type Answer, type Usage } from './answer.ts'
import type { Asked } from './asked.ts'

/** What a provider adds for a message, and for an answer that begins. */
const A_MESSAGE = 4
const A_REPLY = 3

export function inputTokens(asked: Asked, tokenizer: Tokenizer): number {
  let sum = A_REPLY
  for (const { text, toolCalls, toolResults } of asked.messages) {
    sum += A_MESSAGE + tokenizer.count(text)
    for (const call of toolCalls) sum += tokenizer.count(call.name) + tokenizer.count(call.args)
    for (const result of toolResults) if (result.text !== text) sum += tokenizer.count(result.text)
  }
  for (const tool of asked.tools) sum += tokenizer.count(JSON.stringify(tool))
  if (asked.schema !== undefined) sum += tokenizer.count(JSON.stringify(asked.schema))
  return sum
}

/** Everything an answer consists of, in the order it is generated. */
export function generated(answer: Answer): readonly string[] {
  return [
    answer.reasoning ?? '',
    answer.text ?? '',
    answer.refusal ?? '',
    ...(answer.toolCalls ?? []).map((call) => call.name + argsText(call.args)),
  ].filter((text) => text !== '')
}

export function usageOf(asked: Asked, answer: Answer, tokenizer: Tokenizer): Usage {
  const count = (texts: readonly string[]) => texts.reduce((sum, text) => sum + tokenizer.count(text), 0)
  return {
    input: inputTokens(asked, tokenizer),
    output: Math.max(1, count(generated(answer))),
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: answer.reasoning === undefined ? 0 : tokenizer.count(answer.reasoning),
    ...answer.usage,
  }
}

/** The answer as far as `maxTokens` go: no provider writes more than it was allowed to. */
export function withinTokens(asked: Asked, answer: Answer, tokenizer: Tokenizer): Answer {
  const most = asked.maxTokens ?? Infinity
  if (generated(answer).reduce((sum, text) => sum + tokenizer.count(text), 0) <= most) return answer
  let left = most
  const cut = (text: string): string => {
    let kept = ''
    for (const piece of pieces(text)) {
      const size = tokenizer.count(piece)
      if (size > left) {
        left = 0
        break
      }
      left -= size
      kept += piece
    }
    return kept
  }
  const { reasoning, text, refusal, toolCalls, ...rest } = answer
  return {
    ...rest,
    ...(reasoning === undefined ? {} : { reasoning: cut(reasoning) }),
    ...(text === undefined ? {} : { text: cut(text) }),
    ...(refusal === undefined ? {} : { refusal: cut(refusal) }),
    ...(toolCalls === undefined
      ? {}
      : {
          toolCalls: toolCalls.flatMap((call) => {
            const named = cut(call.name) === call.name && left > 0
            return named ? [{ ...call, args: cut(argsText(call.args)) }] : []
          }),
        }),
    finish: answer.finish ?? (asked.wire === 'openai' ? 'length' : 'max_tokens'),
  }
}
