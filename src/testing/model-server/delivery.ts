/**
 * Answers on their way out: whole or in pieces, at their pace, and spoiled where that was asked for.
 *
 * D1. Spending is booked piece by piece before the piece goes out (`spent`), so that a client that dies in mid-stream is booked for
 *     what had been generated, and no more.
 * D2. A client that goes away ends the work for it at once.
 */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { pieces } from './answer.ts'
import type { Mutable } from './book.ts'
import type { FaultOptions, Spoil } from './faults.ts'
import type { Refusal } from './refusals.ts'
import { generated } from './spending.ts'
import type { Frame, Made, WireFormat } from './wire.ts'

export interface Delivery {
  readonly response: ServerResponse
  readonly row: Mutable
  readonly format: WireFormat
  /** Fires when the client goes away, or the server is closed. */
  readonly gone: AbortSignal
}

export function refuse({ response, row }: Pick<Delivery, 'response' | 'row'>, refusal: Refusal): void {
  const { status, headers = {}, contentType = 'application/json', body } = refusal
  row.status = status
  row.standing = 'refused'
  response.writeHead(status, { 'content-type': contentType, ...headers })
  response.end(body)
}

export async function deliver(
  delivery: Delivery,
  made: Made,
  spoil?: Spoil,
  options?: FaultOptions,
): Promise<void> {
  delivery.row.id = made.id
  delivery.row.status = 200
  if (made.asked.isStream) await stream(delivery, made, spoil, options)
  else await whole(delivery, made, spoil)
}

async function whole(delivery: Delivery, made: Made, spoil: Spoil | undefined): Promise<void> {
  const { response, row, format, gone } = delivery
  row.spent = made.usage
  const { firstMs = 0, betweenMs = 0 } = made.answer.pace ?? {}
  await pause(firstMs + betweenMs * generated(made.answer).flatMap(pieces).length, gone)
  const body = Buffer.from(
    JSON.stringify(spoil === 'choices' ? noChoices(format.body(made)) : format.body(made)),
  )
  const head = (length: number) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length })
  switch (spoil) {
    case 'reset':
      head(body.length)
      await written(response, body.subarray(0, body.length / 2))
      return torn(delivery)
    case 'end':
    case 'truncated':
      head(Math.floor(body.length / 2))
      return spoiled(delivery, body.subarray(0, body.length / 2))
    case 'empty':
      head(0)
      return spoiled(delivery, '')
    case 'shape': {
      const other = JSON.stringify({ status: 'ok', result: 42 })
      head(other.length)
      return spoiled(delivery, other)
    }
    case 'choices':
      head(body.length)
      return spoiled(delivery, body)
    case 'error': {
      const error = JSON.stringify(format.error({ type: 'server_error', message: 'Internal server error' }))
      head(error.length)
      return spoiled(delivery, error)
    }
    case undefined:
      head(body.length)
      await ended(delivery, body)
  }
}

async function stream(
  delivery: Delivery,
  made: Made,
  spoil: Spoil | undefined,
  options?: FaultOptions,
): Promise<void> {
  const { response, row, format, gone } = delivery
  const { firstMs = 0, betweenMs = 0 } = made.answer.pace ?? {}
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  if (spoil === 'empty') return spoiled(delivery, '')
  const frames = [...format.frames(made)]
  if (spoil === 'shape') return spoiled(delivery, `data: {"status":"ok","result":42}\n\n`)
  if (spoil === 'choices') return spoiled(delivery, frames.map(frameOfNone).join(''))
  const last = frames.length - 1
  const stopAt = spoil === undefined ? frames.length : stopOf(frames, options?.after)
  // The SDK reads the first frame before it says that there is a stream: headers go out at once, as from the real one.
  response.flushHeaders()
  row.spent = { ...made.usage, output: 0, reasoning: 0 }
  await pause(firstMs, gone)
  const all = frames.filter(isSaid).length
  let out = 0
  for (const [i, frame] of frames.entries()) {
    if (i >= stopAt) return breakOff(delivery, spoil, frame, options)
    if (isSaid(frame) && out++ > 0) await pause(betweenMs, gone)
    gone.throwIfAborted()
    row.spent = i >= last - 2 ? made.usage : soFar(made, out, all)
    if (i === last) await ended(delivery, frame.data)
    else await written(response, frame.data)
  }
}

/** Where a stream breaks: after so many pieces of the answer, and before its end whatever was asked for. */
function stopOf(frames: readonly Frame[], after: number | undefined): number {
  const said = frames.flatMap((frame, i) => (isSaid(frame) ? [i] : []))
  const at = Math.min(after ?? Math.ceil(said.length / 2), said.length)
  return at === 0 ? (said[0] ?? 1) : (said[at - 1] ?? 0) + 1
}

/** What is spent after so many pieces: the share that is out. */
function soFar({ usage }: Made, out: number, all: number): Made['usage'] {
  const output = Math.min(usage.output, Math.ceil((usage.output * out) / Math.max(1, all)))
  return { ...usage, output, reasoning: Math.min(usage.reasoning, output) }
}

async function breakOff(
  delivery: Delivery,
  spoil: Spoil | undefined,
  next: Frame,
  options?: FaultOptions,
): Promise<void> {
  const { format, response } = delivery
  switch (spoil) {
    case 'reset':
      return torn(delivery)
    case 'truncated':
      return spoiled(delivery, `${next.data.slice(0, Math.ceil(next.data.length / 2))}\n\n`)
    case 'error': {
      const type = options?.type ?? 'overloaded_error'
      const error = JSON.stringify(
        format.error({ type, message: type === 'overloaded_error' ? 'Overloaded' : type }),
      )
      const isNamed = next.data.startsWith('event:')
      return spoiled(delivery, `${isNamed ? 'event: error\n' : ''}data: ${error}\n\n`)
    }
    default:
      delivery.row.standing = 'cut'
      response.end()
  }
}

function noChoices(body: unknown): unknown {
  return { ...(body as object), choices: [], content: null } // what a wire makes is an object
}

/** Whether a frame has something of the answer in it. */
function isSaid({ text }: Frame): boolean {
  return text !== undefined && text !== ''
}

/** A frame that brings nothing: its choices taken out, or left away where it is part of an answer. */
function frameOfNone({ data }: Frame): string {
  if (data.startsWith('data: {'))
    return `data: ${JSON.stringify({ ...JSON.parse(data.slice(6)), choices: [] })}\n\n`
  return /"type":"message_(?:start|stop)"|\[DONE\]/.test(data) ? data : ''
}

/** What was written has to be out before the connection is torn. */
async function torn({ response, row }: Delivery): Promise<void> {
  await sleep(20)
  row.standing = 'cut'
  response.socket?.resetAndDestroy()
}

function spoiled({ response, row }: Delivery, body: string | Uint8Array): void {
  row.standing = 'cut'
  response.end(body)
}

/** The last of an answer: it is whole as soon as the system has all of it. */
async function ended({ response, row }: Delivery, last: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('close', resolve)
    response.end(last, () => {
      row.standing = 'answered'
      row.isWhole = true
      resolve()
    })
  })
}

/** Written, and taken by the system where it is behind. */
async function written(response: ServerResponse, data: string | Uint8Array): Promise<void> {
  if (response.write(data) || response.destroyed) return
  await new Promise<void>((resolve) => {
    response.once('drain', resolve).once('close', resolve)
  })
}

async function pause(ms: number, gone: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal: gone })
}
