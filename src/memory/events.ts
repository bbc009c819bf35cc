/** What working memory puts on the record: every version of an item, whole, and what no longer stands firm, on the stream of the scope. */
import { kind } from '../log/index.ts'
import type { Item } from '../task/index.ts'

/** An item in its first version or a later one. What is undefined is left out. */
export const itemRecorded = kind<ItemRecorded>('item.recorded')

export interface ItemRecorded {
  readonly item: Partial<Item> & ItemKey
  /** Somebody looked at it and says that it holds: what it was flagged for is settled. */
  readonly affirms?: boolean
  /** Another store recorded this version first, then; whoever imported it is the event's actor. */
  readonly firstAt?: Date
}

export interface ItemKey {
  readonly id: string
  readonly version: number
}

/** An item rests on one that is over: somebody has to look at it. */
export const itemFlagged = kind<ItemFlagged>('item.flagged')

export interface ItemFlagged {
  readonly item: string
  /** What is over. */
  readonly origin: string
  readonly status: 'withdrawn' | 'superseded'
  /** What the item names as its ground: the origin, or what rests on it in turn. */
  readonly via: string
}

/** The stream of a scope. It ends in a slash, as no stream of a run does. */
export const streamOf = (scope: string): string => `memory:${scope}/`
