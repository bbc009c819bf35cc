/**
 * A handler's response, on its way to whoever looks on and to the record.
 *
 * P1. Its head is on the record before it is shown, and with it the id of the message: of the run, unless the handler gave one.
 * P2. It is read to its end whoever still looks on: what it takes is part of the run.
 */
import type { Context } from '../../app/index.ts'
import { chunksOf, isUiStream, joined, type Chunk } from './chunks.ts'
import { BadRoute } from './errors.ts'
import type { Head, Life } from './feed.ts'

/** A response as a run's output: a message in chunks, or bytes, as text where they are. */
export interface RecordedResponse extends Head {
  readonly chunks?: readonly Chunk[]
  readonly body?: string | Uint8Array
}

/** Of this connection, or for this browser alone. */
const NOT_KEPT = ['connection', 'content-length', 'keep-alive', 'set-cookie', 'transfer-encoding']

export async function relay(
  ctx: Context,
  route: string,
  response: unknown,
  life: Life,
): Promise<RecordedResponse> {
  if (!(response instanceof Response))
    throw new BadRoute(
      route,
      `The handler of route "${route}" gave ${response === null ? 'null' : typeof response}, not a Response. Return one, such as streamText(…).toUIMessageStreamResponse().`,
    )
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !NOT_KEPT.includes(name)))
  const head: Head = { status: response.status, headers }
  if (response.body && isUiStream(response.headers)) return relayMessage(ctx, head, response.body, life)
  life.opens(await ctx.step('response', () => head))
  const bytes: Uint8Array[] = []
  for await (const piece of response.body ?? []) {
    const own = Uint8Array.from(piece as Uint8Array) // a body's pieces are bytes
    bytes.push(own)
    life.shows(own)
  }
  return bytes.length === 0 ? head : { ...head, body: textIn(Buffer.concat(bytes)) }
}

async function relayMessage(
  ctx: Context,
  head: Head,
  body: ReadableStream<Uint8Array>,
  life: Life,
): Promise<RecordedResponse> {
  const chunks: Chunk[] = []
  let message: string | undefined
  for await (const chunk of chunksOf(body)) {
    if (message === undefined) {
      const given = chunk.type === 'start' ? chunk.messageId : undefined
      const first = await ctx.step('response', () => ({ ...head, message: given ?? messageOf(ctx) }))
      message = first.message
      life.opens({ status: first.status, headers: first.headers })
    }
    const own = chunk.type === 'start' ? { ...chunk, messageId: message } : chunk
    life.shows(own)
    const one = joined(chunks.at(-1), own)
    if (one) chunks[chunks.length - 1] = one
    else chunks.push(own)
  }
  if (message === undefined) life.opens(await ctx.step('response', () => head))
  return { ...head, chunks }
}

const messageOf = ({ run }: Context): string => `msg_${run.id.replace(/^run_/, '')}`

function textIn(bytes: Buffer): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new Uint8Array(bytes)
  }
}
