/**
 * How large a request is, before anybody says so.
 *
 * U1. A conversation that is sent whole each time is counted once: texts by themselves, values of tools by the objects they are, which the
 *     SDK hands on from call to call.
 */
import { readTokenizer, type Tokenizer } from '../tokens/index.ts'
import type { LanguageModelV4CallOptions, LanguageModelV4Message } from './sdk.ts'

/** Around each message and each tool, and for a file of which nothing but its size is known. */
const AROUND = 4
const PER_FILE = 1600

type Tool = NonNullable<LanguageModelV4CallOptions['tools']>[number]

export class Gauge {
  readonly #texts = new Map<string, number>()
  readonly #values = new WeakMap<object, number>()
  #tokenizer: Tokenizer | undefined

  tokensOf({ prompt, tools = [], responseFormat }: LanguageModelV4CallOptions): number {
    let tokens = 0
    for (const message of prompt) tokens += AROUND + this.#ofMessage(message)
    for (const tool of tools) tokens += AROUND + this.#ofTool(tool)
    return responseFormat?.type === 'json' ? tokens + this.#ofValue(responseFormat.schema) : tokens
  }

  ofTexts(texts: readonly string[]): number {
    return texts.reduce((tokens, text) => tokens + this.#of(text), 0)
  }

  #ofTool(tool: Tool): number {
    const tokens = this.#of(tool.name)
    if (tool.type !== 'function') return tokens + this.#ofValue(tool.args)
    return tokens + this.#of(tool.description ?? '') + this.#ofValue(tool.inputSchema)
  }

  #ofMessage(message: LanguageModelV4Message): number {
    if (message.role === 'system') return this.#of(message.content)
    let tokens = 0
    for (const part of message.content) {
      switch (part.type) {
        case 'text':
        case 'reasoning':
          tokens += this.#of(part.text)
          break
        case 'tool-call':
          tokens += this.#of(part.toolName) + this.#ofValue(part.input)
          break
        case 'tool-result':
          tokens += this.#ofValue('value' in part.output ? part.output.value : part.output.reason)
          break
        case 'file':
        case 'reasoning-file':
          tokens += PER_FILE
          break
        default:
      }
    }
    return tokens
  }

  #ofValue(value: unknown): number {
    if (typeof value === 'string') return this.#of(value)
    if (typeof value !== 'object' || value === null) return 1
    const known = this.#values.get(value)
    if (known !== undefined) return known
    const tokens = this.#count(JSON.stringify(value))
    this.#values.set(value, tokens)
    return tokens
  }

  #of(text: string): number {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const tokens = this.#count(text)
    this.#texts.set(text, tokens)
    return tokens
  }

  #count(text: string): number {
    this.#tokenizer ??= readTokenizer()
    return this.#tokenizer.count(text)
  }
}
