/** What can be wrong with an item of memory, or with what is asked of one. */
import { ThroughlineError } from '../errors.ts'

/** An item that cannot be kept as it is. */
export class BadItem extends ThroughlineError {
  constructor(field: string, message: string) {
    super('bad_item', { message: `${field}: ${message}`, data: { field } })
  }
}

/** There is no item of that id, or not in that version. */
export class ItemNotFound extends ThroughlineError {
  constructor(id: string) {
    super('item_not_found', {
      message: `There is no item "${id}" in this store's memory. List them with throughline memory list, or tl.memory.list().`,
      data: { item: id },
    })
  }
}

/** Somebody else was quicker. */
export class ItemChanged extends ThroughlineError {
  constructor(id: string, read: number, now: { readonly version: number; readonly author: string }) {
    super('item_changed', {
      message: `Item ${id} was read in version ${read}; ${now.author} has made version ${now.version} of it since. Read it again and decide anew.`,
      data: { item: id, read, ...now },
    })
  }
}

/** It is over: nothing can be done to it any more. */
export class ItemOver extends ThroughlineError {
  constructor(id: string, status: string, by: string | undefined) {
    const successor = by === undefined ? '' : ` by ${by}`
    super('item_over', {
      message: `Item ${id} is ${status}${successor} already.${by === undefined ? ' Record a new one instead.' : ` Change ${by} instead.`}`,
      data: { item: id, status, by },
    })
  }
}
