/**
 * A feed as the body of a response.
 *
 * V1. Of a message that is made anew, a viewer is sent what it has not been sent: steps that it has whole are left out, the one it has a
 *     part of is reset and sent again.
 * V2. Of any other response, it is sent on from where it was, as long as it comes out the same; else the connection is broken off.
 */
import { ALIVE, DONE, sent, type Chunk } from './chunks.ts'
import type { Close, Feed, Piece } from './feed.ts'

const ALIVE_EVERY_MS = 15_000
const CANNOT_GO_ON = 'This answer could not be finished.'

/** What a viewer has of a message. */
interface Had {
  /** Steps it has whole. */
  readonly steps: number
  /** Within a step; `since` else: chunks after the last whole one. */
  readonly isInStep: boolean
  readonly since: number
}

/** Which chunks of a message that is made anew are sent. */
class Catching {
  #steps = 0
  #since = 0
  readonly #had: Had

  constructor(had: Had) {
    this.#had = had
  }

  /** Undefined: it is to be left out. `isDone`: from now on everything is sent. */
  take(chunk: Chunk): { readonly send: Chunk | undefined; readonly isDone: boolean } {
    const { steps, isInStep, since } = this.#had
    if (this.#steps < steps) {
      if (chunk.type === 'finish-step') this.#steps++
      return { send: undefined, isDone: this.#steps === steps && !isInStep && since === 0 }
    }
    if (isInStep)
      return chunk.type === 'start-step'
        ? { send: { type: 'reset-step' }, isDone: true }
        : { send: undefined, isDone: false }
    this.#since++
    return { send: undefined, isDone: this.#since >= since }
  }
}

/** A message, as a stream of events. */
export function messageStream(feed: Feed): ReadableStream<Uint8Array> {
  let had: Had = { steps: 0, isInStep: false, since: 0 }
  let catching: Catching | undefined
  return streamOf(feed, true, (send) => ({
    shows(piece) {
      if (piece instanceof Uint8Array) return
      let chunk: Chunk | undefined = piece
      if (catching) {
        const { send: instead, isDone } = catching.take(piece)
        if (isDone) catching = undefined
        chunk = instead
      } else had = withChunk(had, piece)
      if (chunk) send(encode(sent(chunk)))
    },
    again() {
      const isNew = had.steps === 0 && !had.isInStep && had.since === 0
      catching = isNew ? undefined : new Catching(had)
    },
    closing(how) {
      if (how === 'failed') send(encode(sent({ type: 'error', errorText: CANNOT_GO_ON } as Chunk)))
      if (how === 'cancelled') send(encode(sent({ type: 'abort' })))
      send(encode(DONE))
      return undefined
    },
  }))
}

function withChunk({ steps, isInStep, since }: Had, { type }: Chunk): Had {
  if (type === 'start-step') return { steps, isInStep: true, since }
  if (type === 'finish-step') return { steps: steps + 1, isInStep: false, since: 0 }
  return { steps, isInStep, since: isInStep ? since : since + 1 }
}

/** Any other response. */
export function byteStream(feed: Feed): ReadableStream<Uint8Array> {
  const had: Uint8Array[] = []
  let expected: Buffer | undefined
  return streamOf(feed, false, (send, fail) => ({
    shows(piece) {
      if (!(piece instanceof Uint8Array)) return
      let fresh = piece
      if (expected) {
        const length = Math.min(expected.length, piece.length)
        if (!expected.subarray(0, length).equals(piece.subarray(0, length)))
          return fail(new Error('The response came out otherwise when its run was carried on.'))
        expected = expected.length > length ? expected.subarray(length) : undefined
        fresh = piece.subarray(length)
      }
      if (fresh.length === 0) return
      had.push(fresh)
      send(fresh)
    },
    again() {
      expected = had.length > 0 ? Buffer.concat(had) : undefined
    },
    closing: (how) => (how === 'whole' ? undefined : new Error(CANNOT_GO_ON)),
  }))
}

interface Showing {
  readonly shows: (piece: Piece) => void
  readonly again: () => void
  /** What the connection is broken off with, if it is. */
  readonly closing: (how: Close) => Error | undefined
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

function streamOf(
  feed: Feed,
  isEvents: boolean,
  showing: (send: (bytes: Uint8Array) => void, fail: (error: Error) => void) => Showing,
): ReadableStream<Uint8Array> {
  let leave = (): void => {}
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    clearInterval(timer)
    leave()
  }
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let isOver = false
      const fail = (error: Error) => {
        if (!isOver) controller.error(error)
        isOver = true
        stop()
      }
      const send = (bytes: Uint8Array) => {
        if (!isOver) controller.enqueue(bytes)
      }
      const { shows, again, closing } = showing(send, fail)
      const closes = (how: Close) => {
        const error =
          how === 'lost' ? new Error('The run is carried elsewhere now: ask again.') : closing(how)
        if (error) return fail(error)
        if (!isOver) controller.close()
        isOver = true
        stop()
      }
      if (isEvents) timer = setInterval(() => send(encode(ALIVE)), ALIVE_EVERY_MS).unref()
      leave = feed.view({ shows, again, closes })
      if (isOver) stop()
    },
    cancel: stop,
  })
}
