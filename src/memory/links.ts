/** Links between items, from the other end. */
import type { Log } from '../log/index.ts'
import type { LinkType } from '../task/index.ts'

/** Another item that links to one. */
export interface LinkTo {
  readonly type: LinkType
  readonly from: string
}

/** Oldest first. */
export async function linksTo(log: Log, id: string): Promise<readonly LinkTo[]> {
  const rows = await log.select('item_links', { where: { target: id }, order: ['position', 'item', 'type'] })
  // The memory projection writes the types of links there, and nothing else.
  return rows.map((row) => ({ type: row['type'] as LinkType, from: String(row['item']) }))
}
