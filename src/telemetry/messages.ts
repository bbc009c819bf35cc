/** Messages of the AI SDK as the conventions have them (`gen_ai.input.messages`, `gen_ai.output.messages`). */
import { FINISH } from './mapping.ts'

export interface TextPart {
  readonly type: 'text' | 'reasoning'
  readonly content: string
}
export interface ToolCallPart {
  readonly type: 'tool_call'
  readonly id: string | null
  readonly name: string
  readonly arguments: unknown
}
export interface ToolResponsePart {
  readonly type: 'tool_call_response'
  readonly id: string | null
  readonly response: unknown
}
/** A picture or a document: said to have been there, and not sent. */
export interface UriPart {
  readonly type: 'uri'
  readonly mime_type: string | null
  readonly modality: string
  readonly uri: string
}
export interface OtherPart {
  readonly type: `throughline.${string}`
  readonly mime_type?: string
}
export type Part = TextPart | ToolCallPart | ToolResponsePart | UriPart | OtherPart

export interface Message {
  readonly role: string
  readonly parts: readonly Part[]
}
export type OutputMessage = Message & { readonly finish_reason: string }

type Fields = Readonly<Record<string, unknown>>

export function messageOf(said: unknown): Message {
  const { role, content } = fields(said)
  const parts = typeof content === 'string' ? [{ type: 'text' as const, content }] : list(content).map(partOf)
  return { role: typeof role === 'string' ? role : 'user', parts }
}

export function outputOf(content: unknown, finish: string | undefined): OutputMessage {
  const reason = finish === undefined ? 'stop' : (FINISH[finish] ?? finish)
  return { role: 'assistant', parts: list(content).map(partOf), finish_reason: reason }
}

function partOf(given: unknown): Part {
  const part = fields(given)
  switch (part['type']) {
    case 'text':
    case 'reasoning':
      return { type: part['type'], content: text(part['text']) ?? '' }
    case 'tool-call':
      return {
        type: 'tool_call',
        id: text(part['toolCallId']) ?? null,
        name: text(part['toolName']) ?? '',
        arguments: parsed(part['input']),
      }
    case 'tool-result':
      return { type: 'tool_call_response', id: text(part['toolCallId']) ?? null, response: responseOf(part) }
    case 'file':
    case 'source':
      return fileOf(part)
    default:
      return { type: `throughline.${text(part['type']) ?? 'unknown'}` }
  }
}

/** What a tool gave: of its output the value, whatever sort it is. */
function responseOf(part: Fields): unknown {
  const output = part['output'] ?? part['result'] ?? null
  const { type, value, reason } = fields(output)
  if (typeof type !== 'string') return output
  return value ?? reason ?? null
}

function fileOf(part: Fields): Part {
  const mime = text(part['mediaType'])
  const data = fields(part['data'])
  const uri = text(part['url']) ?? text(part['data']) ?? text(data['url'])
  const isAddress = uri !== undefined && /^(?:https?|gs|s3):/.test(uri)
  if (isAddress) return { type: 'uri', mime_type: mime ?? null, modality: modalityOf(mime), uri }
  return { type: 'throughline.file', ...(mime === undefined ? {} : { mime_type: mime }) }
}

function modalityOf(mime: string | undefined): string {
  const kind = mime?.split('/', 1)[0] ?? ''
  return ['image', 'video', 'audio'].includes(kind) ? kind : 'document'
}

/** Arguments as the model wrote them, read if they can be. */
function parsed(input: unknown): unknown {
  if (typeof input !== 'string') return input ?? null
  try {
    return JSON.parse(input)
  } catch {
    return input
  }
}

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {}
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
