/** The head of a stream as its writer knows it: who may append, and to what. */
export interface StreamHead {
  readonly id: number
  readonly tenant: string
  readonly epoch: number
  readonly seq: number
  readonly hash: Uint8Array
}
