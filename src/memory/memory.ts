/** `tl.memory`: working memory for people and programs outside of runs. */
import { anew, type Log } from '../log/index.ts'
import type { DecideInput, Found, Kept, RecallQuery, RememberInput } from '../task/index.ts'
import { forgetRules } from './binding.ts'
import { conflicts, possibleConflicts, type Conflict } from './conflicts.ts'
import { asAt } from './expiry.ts'
import { flagsOf, type Flag } from './flags.ts'
import { asItem, checkAuthor, checkReason, type ItemInput } from './item.ts'
import { linksTo, type LinkTo } from './links.ts'
import { profile, type Profile } from './profile.ts'
import type { EraseOptions, EraseWhat } from './erasing/asked.ts'
import type { Erasure } from './erasing/erase.ts'
import {
  checkFilters,
  itemById,
  itemsAsOf,
  listItems,
  versionsOf,
  type ItemsPage,
  type ItemsQuery,
  type Recorded,
} from './reading.ts'
import {
  exportLines,
  importMemory,
  type MemoryExportOptions,
  type MemoryImported,
  type MemoryImportOptions,
} from './transfer/index.ts'
import { recallOf } from './recall.ts'
import { usesOf, type Use } from './uses.ts'
import { ending, recording, reviewing, type Ending, type Pen, type Writing } from './writing.ts'

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
  readonly #now: () => number
  readonly #lost: (runId: string) => void

  /** `now`: the store's time. `lost`: called for each run whose record was erased. */
  constructor(
    log: Log,
    newId: (prefix: string) => string,
    { now, lost = () => {} }: { readonly now: () => number; readonly lost?: (runId: string) => void },
  ) {
    this.#log = log
    this.#newId = newId
    this.#now = now
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

  /**
   * It was looked at, and holds: what it was flagged for is settled, and `until` is when it is to be looked at again.
   * @throws {ItemNotFound} @throws {ItemOver} @throws {ItemChanged} @throws {BadItem}
   */
  review(id: string, { by, because, ...how }: EndOptions & { readonly until?: Date }): Promise<Kept> {
    return this.#write(() => reviewing(this.#pen(by), id, { ...how, because: checkReason(because) }))
  }

  /** An item as it stands. @throws {ItemNotFound} */
  async get(id: string): Promise<Recorded> {
    return asAt(await itemById(this.#log, id), this.#now())
  }

  /** Live items, newest first, a page at a time. @throws {BadItem} */
  async list(query: ItemsQuery = {}): Promise<ItemsPage> {
    return listItems(this.#log, query, this.#now())
  }

  /** The items that answer best, best first, each with why; without a query, the newest that fit. @throws {BadItem} */
  async recall(query: RecallQuery = {}): Promise<readonly Found[]> {
    checkFilters(query)
    return recallOf(this.#log).find(query, this.#now())
  }

  /** Every version of an item, oldest first. @throws {ItemNotFound} */
  history(id: string): Promise<readonly Recorded[]> {
    return versionsOf(this.#log, id)
  }

  /** Which runs saw, cited, went against or overrode an item, and which briefs told of it, latest first. */
  uses(id: string): Promise<readonly Use[]> {
    return usesOf(this.#log, id)
  }

  /** What was believed at a time; with `trueAt`, of that what was said to be true then. @throws {BadItem} */
  async asOf(date: Date, query: ItemsQuery & { readonly trueAt?: Date } = {}): Promise<readonly Recorded[]> {
    return itemsAsOf(this.#log, date, query)
  }

  /** Live items that cannot both hold. @throws {BadItem} */
  async conflicts(scope?: string): Promise<readonly Conflict[]> {
    return conflicts(this.#log, this.#now(), scope)
  }

  /** Live items worded much as this one, closest first: they may be worth a look; nothing follows from it. @throws {ItemNotFound} */
  async possibleConflicts(id: string, options: { readonly limit?: number } = {}): Promise<readonly Found[]> {
    return possibleConflicts(this.#log, await this.get(id), this.#now(), options.limit)
  }

  /** Items that rest on what no longer holds, and on what; of these items, or of all. */
  flags(items?: readonly string[]): Promise<readonly Flag[]> {
    return flagsOf(this.#log, items)
  }

  /** How memory stands, of a scope and those below it: what is live, due, stale, flagged, unused, in conflict. @throws {BadItem} */
  async profile(scope?: string): Promise<Profile> {
    return profile(this.#log, this.#now(), scope)
  }

  /** What leads to an item: links of others, as they stand. */
  linksTo(id: string): Promise<readonly LinkTo[]> {
    return linksTo(this.#log, id)
  }

  /**
   * Memory as lines of text: JSON Lines with every version, or Markdown of what is live, to be edited and imported back.
   * @throws {BadItem} @throws {ItemNotFound}
   */
  export(options: MemoryExportOptions = {}): AsyncGenerator<string> {
    return exportLines(this.#log, options, this.#now())
  }

  /**
   * Takes in what `export` gave: what another store recorded, or what somebody made of its Markdown. All of it, or nothing.
   * @throws {BadMemoryImport} @throws {ImportConflict} @throws {ItemChanged}
   */
  async import(
    lines: Iterable<string> | AsyncIterable<string>,
    options: MemoryImportOptions = {},
  ): Promise<MemoryImported> {
    return importMemory(this.#pen(options.by), lines, options)
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
    await recallOf(this.#log).forget(erasure.items)
    for (const run of erasure.runs) this.#lost(run)
    return erasure
  }

  #record(item: ItemInput, { by }: By): Promise<Kept> {
    return this.#write(() => recording(this.#pen(by), item))
  }

  #end(id: string, status: Ending['status'], { by, because, version }: EndOptions): Promise<Kept> {
    const how = { status, ...(version === undefined ? {} : { version }) }
    return this.#write(() => ending(this.#pen(by), id, { ...how, because: checkReason(because) }))
  }

  /** Decided anew from what the store holds, if others were quicker: a version that was named is then refused by name. */
  #write(decide: () => Promise<Writing>): Promise<Kept> {
    return anew(async () => {
      const { value, ...change } = await decide()
      if (change.appends.length === 0) return value
      await this.#log.commit(change)
      return value
    })
  }

  #pen(by = 'person'): Pen {
    const author = { author: checkAuthor(by), run: undefined, scope: '' }
    return { log: this.#log, newId: this.#newId, now: this.#now, by: author }
  }
}
