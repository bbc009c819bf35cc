/** What the store's own stream says of streams whose events were removed. */
import { eventOf, kind, type Head, type NewEvent } from '../log/index.ts'

/** The store's own stream: what was done to the store itself. */
export const STORE_STREAM = 'store'

export const storePruned = kind<{
  readonly streams: readonly { readonly stream: string; readonly seq: number; readonly hash: string }[]
}>('store.pruned')

/** The event that names every head about to lose its events. */
export function prunedEvent(heads: readonly Head[]): NewEvent {
  return eventOf(storePruned, {
    streams: heads.map((head) => ({
      stream: head.stream,
      seq: head.seq,
      hash: Buffer.from(head.hash).toString('hex'),
    })),
  })
}
