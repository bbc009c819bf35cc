/** `tl.memory`: working memory for people and programs outside of runs. */
import { anew, type Log } from '../log/index.ts'
import type { DecideInput, Found, Kept, RecallQuery, RememberInput } from '../task/index.ts'
import { forgetRules } from './binding.ts'
import { conflicts, type Conflict } from './conflicts.ts'
import type { EraseOptions, EraseWhat } from './erasing/asked.ts'
import type { Erasure } from './erasing/erase.ts'
import { asItem, type Author, type ItemInput } from './item.ts'
import {
  itemById,
  itemsAsOf,
  listItems,
  versionsOf,
  type ItemsPage,
  type ItemsQuery,
  type Recorded,
} from './reading.ts'
import { recallOf } from './recall.ts'
import { ending, recording, type Ending, type Writing } from './writing.ts'

/** Who says so. */
export interface By {
  /** A person or a program, as the record is to name them; `person` unless told. */
  readonly by?: string
}

/** Why an item comes to its end. */
export interface EndOptions extends By {
  readonly because: string
  /** The version that was read: refused if there is a later one. */
  readonly version?: number
}

export class Memory {
  readonly #log: Log
  readonly #newId: (prefix: string) => string
  readonly #lost: (runId: string) => void

  /** `lost`: called for each run whose record was erased. */
  constructor(log: Log, newId: (prefix: string) => string, lost: (runId: string) => void = () => {}) {
    this.#log = log
    this.#newId = newId
    this.#lost = lost
  }

  /** Records a decision, with its reasons. @throws {BadItem} @throws {ItemChanged} @throws {ItemOver} */
  async decide(decision: DecideInput, options: By = {}): Promise<Kept> {
    return this.#record(asItem(decision), options)
  }

  /** Records anything else worth keeping. @throws {BadItem} @throws {ItemChanged} @throws {ItemOver} */
  remember(item: RememberInput, options: By = {}): Promise<Kept> {
    return this.#record(item, options)
  }

  /** Replaces an item by another, which says why. @throws {ItemNotFound} @throws {ItemOver} @throws {ItemChanged} */
  async supersede(
    id: string,
    item: RememberInput | DecideInput,
    { by, version }: By & { readonly version?: number } = {},
  ): Promise<Kept> {
    const supersedes = version === undefined ? id : { id, version }
    const given = 'choice' in item ? asItem(item) : item
    return this.#record({ ...given, supersedes }, by === undefined ? {} : { by })
  }

  /** It no longer holds, and nothing takes its place. @throws {ItemNotFound} @throws {ItemOver} @throws {ItemChanged} */
  withdraw(id: string, options: EndOptions): Promise<Kept> {
    return this.#end(id, 'withdrawn', options)
  }

  /** A commitment was kept, a question answered. @throws {ItemNotFound} @throws {ItemOver} @throws {ItemChanged} */
  fulfil(id: string, options: EndOptions): Promise<Kept> {
    return this.#end(id, 'fulfilled', options)
  }

  /** A proposed item holds from now on. @throws {ItemNotFound} @throws {ItemOver} @throws {ItemChanged} */
  accept(id: string, options: EndOptions): Promise<Kept> {
    return this.#end(id, 'active', options)
  }

  /** An item as it stands. @throws {ItemNotFound} */
  get(id: string): Promise<Recorded> {
    return itemById(this.#log, id)
  }

  /** Live items, newest first, a page at a time. */
  list(query: ItemsQuery = {}): Promise<ItemsPage> {
    return listItems(this.#log, query)
  }

  /** The items that answer best, best first, each with why; without a query, the newest that fit. */
  recall(query: RecallQuery = {}): Promise<readonly Found[]> {
    return recallOf(this.#log).find(query)
  }

  /** Every version of an item, oldest first. @throws {ItemNotFound} */
  history(id: string): Promise<readonly Recorded[]> {
    return versionsOf(this.#log, id)
  }

  /** What was believed at a time; with `trueAt`, of that what was said to be true then. */
  asOf(date: Date, query: ItemsQuery & { readonly trueAt?: Date } = {}): Promise<readonly Recorded[]> {
    return itemsAsOf(this.#log, date, query)
  }

  /** Live items that cannot both hold. */
  conflicts(scope?: string): Promise<readonly Conflict[]> {
    return conflicts(this.#log, scope)
  }

  /**
   * Destroys what is kept of a subject, by a person or in an item, and what runs and briefs that knew of it have on record. Its
   * places stay, so that every chain still verifies, and the record says that it was done.
   * @throws {BadErasure} @throws {ItemNotFound}
   */
  async erase(what: EraseWhat, options: EraseOptions = {}): Promise<Erasure> {
    const { erase } = await import('./erasing/erase.ts')
    const erasure = await erase(this.#log, this.#newId, what, options)
    if (erasure.state === 'dry_run') return erasure
    forgetRules(erasure.items)
    for (const run of erasure.runs) this.#lost(run)
    return erasure
  }

  #record(item: ItemInput, { by }: By): Promise<Kept> {
    return this.#write(() => recording(this.#log, this.#newId, item, authorOf(by)))
  }

  #end(id: string, status: Ending['status'], { by, because, version }: EndOptions): Promise<Kept> {
    const how = { status, because, ...(version === undefined ? {} : { version }) }
    return this.#write(() => ending(this.#log, id, how, authorOf(by)))
  }

  /** Decided anew from what the store holds, if others were quicker: a version that was named is then refused by name. */
  #write(decide: () => Promise<Writing>): Promise<Kept> {
    return anew(async () => {
      const { value, ...change } = await decide()
      await this.#log.commit(change)
      return value
    })
  }
}

const authorOf = (by = 'person'): Author => ({ author: by, run: undefined, scope: '' })
