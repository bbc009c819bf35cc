/** What a stream is made of. A stored event is never rewritten (I11). */
export type StreamId = string
export type Seq = number
/** Order within one store; never travels to another. */
export type Position = number

/** What a writer asks to be recorded; the store adds seq, position, time, salt and hash. */
export interface NewEvent {
  readonly kind: string
  /** The version of the kind's shape. */
  readonly version: number
  /** Of an operation: its name, with the path of its branch. */
  readonly name?: string | undefined
  /** Of an operation: which use of that name it is, from 1. */
  readonly ordinal?: number | undefined
  /** Of an operation: the operation that was performed before it in its own flow of control. */
  readonly after?: string | undefined
  /** Who did it, where that is known. */
  readonly actor?: string | undefined
  /** An encoded value, see codec.ts: text, which costs a third of bytes to read, to bind and to collect. */
  readonly body?: string | undefined
}

export interface StoredEvent extends NewEvent {
  readonly stream: StreamId
  readonly tenant: string
  readonly seq: Seq
  readonly position: Position
  /** Milliseconds since 1970, by the store's clock; never goes back within a store. */
  readonly at: number
  readonly domain: string | undefined
  readonly keyId: string | undefined
  readonly encoding: number
  readonly salt: Uint8Array
  readonly hash: Uint8Array
  /** Set where the body and its salt were destroyed: what the chain needs to go on verifying. */
  readonly digest?: Uint8Array | undefined
}
