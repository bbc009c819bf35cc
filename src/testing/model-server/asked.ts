/** What a client asked of the model, in one shape for every wire: what a script decides by. */

/** The way a client speaks. */
export type Wire = 'openai' | 'anthropic'

/** A JSON Schema, as it came. */
export type JsonSchema = Readonly<Record<string, unknown>> | boolean

export interface OfferedTool {
  readonly name: string
  readonly description: string
  readonly schema: JsonSchema
}

export interface AskedMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
  /** Calls in an answer that comes back. */
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly args: string }[]
  /** What a tool said, by the id of its call. */
  readonly toolResults: readonly { readonly id: string; readonly text: string }[]
}

/** A request to answer. */
export interface Asked {
  /** Counted from 1, in the order of arrival. */
  readonly n: number
  readonly wire: Wire
  readonly model: string
  readonly isStream: boolean
  readonly messages: readonly AskedMessage[]
  /** The last thing a person said in it. */
  readonly prompt: string
  /** How many answers of the model the conversation holds. */
  readonly turn: number
  readonly tools: readonly OfferedTool[]
  /** A tool that has to be called: this one, or any. */
  readonly mustCall: string | true | undefined
  /** What the answer has to fit; `true` where any JSON will do. */
  readonly schema: JsonSchema | undefined
  readonly maxTokens: number | undefined
  /** Of the body: the same request has the same. */
  readonly digest: string
  /** As it came. */
  readonly body: Readonly<Record<string, unknown>>
}

/** What a wire makes of a body. */
export type Read = Omit<Asked, 'n' | 'wire' | 'digest' | 'body' | 'prompt' | 'turn'>

/** A body that the real thing would refuse, with what it says then. */
export class Unreadable extends Error {}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list, or nothing. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The text of a content that is a string, or parts of which some are text. */
export function textIn(content: unknown): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .map((part) => (isRecord(part) && typeof part.text === 'string' ? part.text : ''))
    .filter((text) => text !== '')
    .join('\n')
}

/** What every request has to have, whatever the wire. */
export function common(body: unknown): {
  readonly body: Readonly<Record<string, unknown>>
  readonly model: string
  readonly messages: readonly Readonly<Record<string, unknown>>[]
} {
  if (!isRecord(body)) throw new Unreadable('The body of the request has to be a JSON object.')
  if (typeof body.model !== 'string' || body.model === '')
    throw new Unreadable('model: Field required, a string.')
  const messages = listOf(body.messages)
  if (messages.length === 0) throw new Unreadable('messages: Field required, a list of at least one message.')
  return {
    body,
    model: body.model,
    messages: messages.map((message, i) => {
      if (!isRecord(message) || typeof message.role !== 'string')
        throw new Unreadable(`messages.${i}.role: Field required.`)
      return message
    }),
  }
}

/** Of a setting that may be absent. */
export function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
