/** What the server needs of a way to speak: requests read, answers and errors written. */
import type { Answer, Usage } from './answer.ts'
import type { Asked, Read } from './asked.ts'

/** A piece of a stream as it is sent. */
export interface Frame {
  readonly data: string
  /** What of the answer is in it: what was generated when it went out. */
  readonly text?: string
}

/** An answer, ready to be sent. */
export interface Made {
  readonly asked: Asked
  readonly answer: Answer
  readonly usage: Usage
  readonly id: string
  readonly callIds: readonly string[]
  readonly model: string
  /** Seconds since 1970. */
  readonly created: number
}

export interface WireFormat {
  /** @throws {Unreadable} what the real thing would refuse */
  readonly read: (body: unknown) => Read
  readonly body: (made: Made) => unknown
  readonly frames: (made: Made) => Iterable<Frame>
  /** An error as a body. */
  readonly error: (error: { type: string; message: string; code?: string }) => unknown
  readonly id: (digest: string, k: number) => string
}
