/** What any store may have to say about its address. */
import { ThroughlineError } from '../errors.ts'

/** The store was written by a newer Throughline. */
export class StoreNewer extends ThroughlineError {
  constructor(store: string, found: number, known: number) {
    super('store_newer', {
      message: `${store} has schema ${found}; this Throughline knows up to ${known}. Nothing was changed; open it with the newer version that wrote it.`,
      data: { store, found, known },
    })
  }
}

/** The address holds another program's data, or no store at all. */
export class ForeignStore extends ThroughlineError {
  constructor(store: string, what: string, cause?: unknown) {
    super('foreign_store', {
      message: `${store} is ${what}. Nothing was changed; give another address with --store or open({ store }).`,
      data: { store },
      cause,
    })
  }
}

/** There is no store where one was expected. */
export class StoreMissing extends ThroughlineError {
  constructor(store: string) {
    super('store_missing', {
      message: `There is no store at ${store}. Check --store (or THROUGHLINE_STORE); "throughline run" creates one.`,
      data: { store },
    })
  }
}
