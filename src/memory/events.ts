/** What working memory puts on the record: every version of an item, whole, on the stream of its scope. */
import { kind } from '../log/index.ts'
import type { Item } from '../task/index.ts'

/** An item in its first version or a later one. What is undefined is left out. */
export const itemRecorded = kind<{ readonly item: Partial<Item> & ItemKey }>('item.recorded')

export interface ItemKey {
  readonly id: string
  readonly version: number
}

/** The stream of a scope. It ends in a slash, as no stream of a run does. */
export const streamOf = (scope: string): string => `memory:${scope}/`
