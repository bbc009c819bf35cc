/**
 * How large a request is, before anybody says so: counted once for each text, and held against what providers reported.
 *
 * U1. What a provider reported of a request holds for whatever goes on from it: only what is new is counted.
 */
import { loadTokenizer, type Tokenizer } from '../tokens/index.ts'
import type { LanguageModelV4CallOptions, LanguageModelV4Message } from './sdk.ts'

/** Around each message, and for a file of which nothing but its size is known. */
const PER_MESSAGE = 4
const PER_FILE = 1600

let loading: Promise<Tokenizer> | undefined

export class Gauge {
  readonly #counted = new Map<string, number>()
  /** Of values that went into a tool or came out: the same one comes with every request that goes on from it. */
  readonly #values = new WeakMap<object, number>()
  #tokenizer: Tokenizer | undefined

  async tokensOf({ prompt, tools, responseFormat }: LanguageModelV4CallOptions): Promise<number> {
    this.#tokenizer ??= await (loading ??= loadTokenizer())
    let tokens = 0
    for (const message of prompt) tokens += PER_MESSAGE + this.#ofMessage(message)
    if (tools) tokens += this.#of(JSON.stringify(tools))
    if (responseFormat?.type === 'json' && responseFormat.schema)
      tokens += this.#of(JSON.stringify(responseFormat.schema))
    return tokens
  }

  async ofTexts(texts: readonly string[]): Promise<number> {
    this.#tokenizer ??= await (loading ??= loadTokenizer())
    return texts.reduce((tokens, text) => tokens + this.#of(text), 0)
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
          tokens += this.#ofValue('value' in part.output ? part.output.value : (part.output.reason ?? ''))
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
    if (typeof value !== 'object' || value === null) return this.#of(textOf(value))
    const known = this.#values.get(value)
    if (known !== undefined) return known
    const tokens = this.#tokenizer?.count(textOf(value)) ?? textOf(value).length
    this.#values.set(value, tokens)
    return tokens
  }

  #of(text: string): number {
    const known = this.#counted.get(text)
    if (known !== undefined) return known
    const tokens = this.#tokenizer?.count(text) ?? text.length
    this.#counted.set(text, tokens)
    return tokens
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
