/**
 * The SDK's stream of a message, as chunks: what a browser is sent as server-sent events.
 *
 * C1. Pieces of one text that follow each other are one piece to whoever comes later: how a text was cut up says nothing.
 */

/** One of the SDK's UI message chunks; only what is looked at here is spelled out. */
export interface Chunk {
  readonly type: string
  readonly id?: string
  readonly toolCallId?: string
  readonly messageId?: string
  readonly delta?: string
  readonly inputTextDelta?: string
}

export const isUiStream = (headers: Headers): boolean => headers.get('x-vercel-ai-ui-message-stream') !== null

export const sent = (chunk: Chunk): string => `data: ${JSON.stringify(chunk)}\n\n`
export const DONE = 'data: [DONE]\n\n'
/** What says that the connection lives. */
export const ALIVE = ': waiting\n\n'

/** The chunks of a body that is such a stream, as they arrive. */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Chunk> {
  let rest = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split(/\r?\n\r?\n/)
    rest = events.pop() ?? ''
    for (const event of events) {
      const chunk = chunkOf(event)
      if (chunk) yield chunk
    }
  }
  const last = chunkOf(rest)
  if (last) yield last
}

/** Undefined for what is no chunk: the end, and comments. */
function chunkOf(event: string): Chunk | undefined {
  const data = event
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).replace(/^ /, ''))
    .join('\n')
  if (data === '' || data === '[DONE]') return undefined
  return JSON.parse(data) as Chunk // the SDK wrote it, under its header
}

/** Both as one, where the second goes on with the first. */
export function joined(first: Chunk | undefined, second: Chunk): Chunk | undefined {
  if (first?.type !== second.type) return undefined
  if ((first.type === 'text-delta' || first.type === 'reasoning-delta') && first.id === second.id)
    return { ...first, ...second, delta: `${first.delta ?? ''}${second.delta ?? ''}` }
  if (first.type === 'tool-input-delta' && first.toolCallId === second.toolCallId)
    return {
      ...first,
      ...second,
      inputTextDelta: `${first.inputTextDelta ?? ''}${second.inputTextDelta ?? ''}`,
    }
  return undefined
}
